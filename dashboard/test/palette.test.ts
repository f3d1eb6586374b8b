import assert from 'node:assert/strict'
import { test } from 'node:test'
import { found, type PaletteEntry } from '../src/palette/entries.ts'
import { arrive, assertContent, sharedFixture } from './visitor.ts'

const fixture = await sharedFixture()
const { ids, call } = fixture
const visitor = await arrive(fixture)
const { page } = visitor
const field = page.getByRole('combobox', { name: /^Find a queue/ })

async function find(text: string): Promise<void> {
  await page.keyboard.press('Control+k')
  await field.fill(text)
}

test('all words must occur, and what begins with them comes first', () => {
  const entry = (title: string, of: string): PaletteEntry => ({ id: title + of, title, of, to: '/' })
  const entries = [entry('reorders', 'queue'), entry('orders', 'queue'), entry('shop', 'listener of orders')]
  assert.deepEqual(
    found(entries, ' orders').map(({ title }) => title),
    ['orders', 'reorders', 'shop'],
  )
  assert.deepEqual(
    found(entries, 'listener ORDERS').map(({ title }) => title),
    ['shop'],
  )
  assert.deepEqual(found(entries, 'nothing'), [])
  assert.equal(
    found(
      Array.from({ length: 5_000 }, (_, n) => entry(`q-${n}`, 'queue')),
      'q',
    ).length,
    40,
  )
})

test('a queue, a listener, a schedule and a page are found by keyboard alone', async () => {
  await visitor.open('/')
  for (const [text, heading] of [
    ['search-index', 'search-index'],
    ['partner listener', 'partner'],
    ['warm-up', 'warm-up'],
    ['api keys', 'API keys'],
    ['ledger page', 'Ledger'],
  ] as const) {
    await find(text)
    await page.getByRole('option').first().waitFor()
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { level: 1, name: heading, exact: true }).waitFor()
  }
})

test('a message is found by its id, whatever queue it is on', async () => {
  const { message } = await call('POST', `/queues/${ids['search-index']}/messages`, { data: 'x', name: 'hidden-one' })
  await find(message.id)
  await page.getByRole('option', { name: /message/ }).waitFor()
  await page.keyboard.press('Enter')
  await visitor.heading('hidden-one').waitFor()
  await find('0'.repeat(21))
  await page.getByText('Nothing has this name').waitFor()
  await page.keyboard.press('Escape')
  await field.waitFor({ state: 'detached' })
})

test('an action opens what it says, and closing that leaves the page', async () => {
  await find('new schedule')
  await page.keyboard.press('Enter')
  await visitor.dialog().getByLabel('Cron').waitFor()
  await page.keyboard.press('Escape')
  await visitor.dialog().waitFor({ state: 'detached' })
  assert.match(page.url(), /#\/schedules$/)
})

test('a slash opens it but where something is typed, and the arrows choose', async () => {
  await visitor.open('/queues')
  await page.keyboard.press('/')
  await field.waitFor()
  await page.keyboard.type('/')
  assert.equal(await field.inputValue(), '/')
  await field.fill('o')
  const options = page.getByRole('option')
  await options.nth(1).waitFor()
  await page.keyboard.press('ArrowDown')
  assert.equal(await options.nth(1).getAttribute('aria-selected'), 'true')
  await page.keyboard.press('ArrowUp')
  await page.keyboard.press('ArrowUp')
  assert.equal(await options.last().getAttribute('aria-selected'), 'true')
  await page.keyboard.press('Escape')
})

test('nothing went wrong behind the pages', () => assertContent(visitor))
