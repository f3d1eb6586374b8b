import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { test } from 'node:test'
import type axe from 'axe-core'
import { arrive, assertContent, sharedFixture, type Visitor } from './visitor.ts'

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const fixture = await sharedFixture()
const { ids } = fixture
const message = await fixture.call('POST', `/queues/${ids.orders}/messages`, {
  ...{ name: 'looked-at', data: '{"order":1,"customer":"c-1","total":2}' },
})

await fixture.call('POST', '/domains', { name: 'partner', hostname: 'partner.example.com' })

const partner = `/queues/${ids['partner-feed']}/listeners/${ids['partner-feed/partner']}`
await fixture.call('PATCH', `/queues/${ids.orders}/listeners/${ids['orders/ledger']}`, { status: 'disabled' })

const pages: [string, string][] = [
  ['overview', '/'],
  ['queues', '/queues'],
  ['queue', `/queues/${ids.orders}`],
  ['messages of a queue', `/queues/${ids.orders}/messages`],
  ['schedules of a queue', `/queues/${ids['search-index']}/schedules`],
  ['rate and schema', `/queues/${ids.orders}/about`],
  ['listener', `/queues/${ids.orders}/listeners/${ids['orders/shop']}`],
  ['message', `/queues/${ids.orders}/messages/${message.message.id}`],
  ['messages', '/messages'],
  ['schedules', '/schedules'],
  ['schedule', `/queues/${ids['search-index']}/schedules/${ids['search-index/rebuild']}`],
  ['usage events', '/events'],
  ['ledger', '/ledger'],
  ['API keys', '/api-keys'],
  ['domains', '/domains'],
  ['organizations', '/organizations'],
  ['what a listener missed', `${partner}/deliveries?status=missed`],
  ['attempts at a listener', `${partner}/attempts`],
  ['a listener that is disabled', `/queues/${ids.orders}/listeners/${ids['orders/ledger']}`],
  ['messages that were searched for', '/messages?by=data&text=order%3D1'],
]

const later = await fixture.call('POST', `/queues/${ids['search-index']}/messages`, { data: 'x', delay: 3_600_000 })
const laterPath = `/queues/${ids['search-index']}/messages/${later.message.id}`

/** What opens over a page: where, and the buttons that lead there. */
const dialogs: [string, string, (visitor: Visitor) => Promise<void>][] = [
  ['a new queue', '/queues', (visitor) => visitor.button('New queue').click()],
  ['sending', `/queues/${ids.orders}`, (visitor) => visitor.button('Send a message').click()],
  ['deleting', `/queues/${ids.orders}`, (visitor) => visitor.pick('More for this queue', 'Delete the queue')],
  [
    'a new listener, every section unfolded',
    `/queues/${ids.orders}`,
    async (visitor) => {
      await visitor.button('New listener').click()
      for (const summary of await visitor.dialog().locator('summary').all()) await summary.click()
      await visitor.dialog().getByLabel('Deliveries authenticate').selectOption('oauth2')
    },
  ],
  ['moving a message', laterPath, (visitor) => visitor.button('Move').click()],
  [
    'the palette',
    '/queues',
    async (visitor) => {
      await visitor.page.keyboard.press('Control+k')
      await visitor.page.getByRole('option').first().waitFor()
    },
  ],
  ['redelivering', pages[6]![1], (visitor) => visitor.button('Redeliver').click()],
  ['checking', pages[6]![1], (visitor) => visitor.page.getByRole('button', { name: 'Check', exact: true }).click()],
  [
    'a new schedule in words',
    pages[4]![1],
    async (visitor) => {
      await visitor.button('New schedule').click()
      await visitor.dialog().getByRole('status').getByText('At 03:00 every day.').waitFor()
    },
  ],
  [
    'a new schedule that cannot be',
    pages[4]![1],
    async (visitor) => {
      await visitor.button('New schedule').click()
      await visitor.dialog().getByLabel('Cron').fill('61 * * * *')
      await visitor.dialog().locator('.fault').waitFor()
    },
  ],
  ['a new key', '/api-keys', (visitor) => visitor.button('New key').click()],
  ['a new domain', '/domains', (visitor) => visitor.button('New domain').click()],
  ['verifying', '/domains', (visitor) => visitor.pick('Actions for partner', 'Verify')],
  ['a new organization', '/organizations', (visitor) => visitor.button('New organization').click()],
]

async function faultsOf({ page }: Visitor): Promise<string[]> {
  // Through the debugger's door: the policy of the page lets no script in.
  await page.evaluate(AXE)
  const { violations } = await page.evaluate(() =>
    (globalThis as unknown as { axe: typeof axe }).axe.run(document, { resultTypes: ['violations'] }),
  )
  return violations.flatMap(({ id, impact, nodes }) => nodes.map(({ target }) => `${impact}: ${id} at ${target}`))
}

for (const theme of ['light', 'dark'] as const) {
  for (const width of [1280, 390]) {
    const visitor = await arrive(fixture, { theme, width, height: 844 })
    for (const [name, path] of pages) {
      test(`${name}, ${theme}, ${width} wide: nothing is in anybody's way`, async () => {
        await visitor.open(path)
        await visitor.page.locator('h1').waitFor()
        assert.deepEqual(await faultsOf(visitor), [])
        const scrolls = await visitor.page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
        assert.ok(scrolls <= 0, `it is ${scrolls} pixels too wide`)
      })
    }
    for (const [name, path, lead] of dialogs) {
      test(`${name}, ${theme}, ${width} wide: nothing is in anybody's way`, async () => {
        await visitor.open(path)
        await lead(visitor)
        await visitor.dialog().waitFor()
        assert.deepEqual(await faultsOf(visitor), [])
        await visitor.page.keyboard.press('Escape')
        await visitor.dialog().waitFor({ state: 'detached' })
      })
    }
    test(`nothing went wrong behind the pages, ${theme}, ${width} wide`, () => assertContent(visitor))
  }
}

test('signing in, in both themes: nothing is in anybody’s way', async () => {
  for (const theme of ['light', 'dark'] as const) {
    const visitor = await arrive(fixture, { theme, key: null })
    await visitor.field('API key').waitFor()
    assert.deepEqual(await faultsOf(visitor), [])
  }
})

test('everything can be reached and done with the keyboard alone', async () => {
  const visitor = await arrive(fixture)
  const { page } = visitor
  const focused = () => page.evaluate(() => document.activeElement?.textContent?.trim() ?? '')
  const tabTo = async (words: string) => {
    for (let presses = 0; presses < 60; presses++) {
      await page.keyboard.press('Tab')
      if ((await focused()) === words) return
    }
    assert.fail(`no way to ${words} by keyboard`)
  }
  await visitor.open('/')
  await page.keyboard.press('Tab')
  assert.equal(await focused(), 'Skip to the content')
  await tabTo('Queues')
  await page.keyboard.press('Enter')
  await visitor.heading('Queues').waitFor()
  await tabTo('New queue')
  await page.keyboard.press('Enter')
  await page.keyboard.type('by-keyboard')
  await page.keyboard.press('Enter')
  await visitor.heading('by-keyboard').waitFor()
  await tabTo('Listeners')
  await page.keyboard.press('ArrowRight')
  await page.getByRole('tab', { name: 'Messages', selected: true }).waitFor()
})

test('the theme follows the system until the switch says otherwise, and that stays', async () => {
  const visitor = await arrive(fixture, { theme: 'dark' })
  const { page } = visitor
  const ground = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor)
  const dark = await ground()
  await visitor.button('Theme: system. Change it').click()
  assert.notEqual(await ground(), dark)
  await page.reload()
  await visitor.heading('Overview').waitFor()
  assert.notEqual(await ground(), dark)
  await visitor.button('Theme: light. Change it').click()
  assert.equal(await ground(), dark)
})

test('on a phone the menu leads everywhere', async () => {
  const visitor = await arrive(fixture, { width: 390, height: 844 })
  await visitor.button('Open the menu').click()
  await visitor.dialog().getByRole('link', { name: 'Ledger' }).click()
  await visitor.heading('Ledger').waitFor()
  await visitor.dialog().waitFor({ state: 'detached' })
})
