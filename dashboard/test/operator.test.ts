import assert from 'node:assert/strict'
import { test } from 'node:test'
import { arrive, assertContent, sharedFixture } from './visitor.ts'

const fixture = await sharedFixture()
const { ids, call, answers } = fixture
const gone = `/queues/${ids.orders}/listeners/${ids['orders/ledger']}`
answers.ledger = (response) => void response.writeHead(410).end()
await call('POST', `/queues/${ids.orders}/messages`, { data: '{"order":1,"customer":"c-1","total":1}' })
while ((await call('GET', gone)).listener.status === 'enabled') await new Promise((resolve) => setTimeout(resolve, 20))

const visitor = await arrive(fixture)
const { page } = visitor
await page.evaluate(() => {
  Object.assign(window, { presses: 0 })
  document.addEventListener('pointerdown', () => Object.assign(window, { presses: Object(window).presses + 1 }), true)
})

/** From the overview, as an operator who was woken up: how often was pressed until `steps` were done. */
async function presses(steps: () => Promise<unknown>): Promise<number> {
  await page.evaluate(() => {
    location.hash = '/'
  })
  await visitor.heading('Needs attention').waitFor()
  await page.evaluate(() => Object.assign(window, { presses: 0 }))
  await steps()
  return page.evaluate(() => Object(window).presses)
}

const attention = page.getByRole('region', { name: 'Needs attention' })

test('what is stuck, why and since when is there without a press', async () => {
  const needed = await presses(async () => {
    const partner = attention.getByRole('listitem').filter({ hasText: 'partner-feed → partner' })
    await partner.getByText('12 missed deliveries').waitFor()
    await partner.getByText(/last (failure|success)/).waitFor()
    const ledger = attention.getByRole('listitem').filter({ hasText: 'orders → ledger' })
    await ledger.getByText('is disabled: it answered 410 Gone; 1 delivery waits').waitFor()
    assert.equal(await ledger.getByText('is down').count(), 0)
    await attention.getByRole('listitem').filter({ hasText: 'telemetry' }).getByText('is paused with').waitFor()
  })
  assert.equal(needed, 0)
})

test('why a listener fails is one press away', async () => {
  const needed = await presses(async () => {
    await attention.getByRole('link', { name: 'partner-feed → partner' }).click()
    await visitor.heading('partner').waitFor()
    await page.getByText('answered 503').first().waitFor()
  })
  assert.equal(needed, 1)
})

test('a listener that a 410 disabled says so on its page, and not that it is down', async () => {
  await visitor.open(gone)
  const banner = page.getByRole('status').filter({ hasText: 'Disabled' })
  await banner.getByText('it answered 410 Gone').waitFor()
  await banner.getByRole('button', { name: 'Enable' }).waitFor()
  const badges = page.locator('.title-line .badge')
  assert.deepEqual(await badges.allTextContents(), ['disabled'])
  await visitor.open(`/queues/${ids.orders}`)
  const row = page.getByRole('row', { name: /ledger/ })
  assert.deepEqual(await row.locator('.badge').allTextContents(), ['disabled'])
  await visitor.open('/queues')
  await page
    .getByRole('row', { name: /orders/ })
    .getByText('1 of 3 disabled')
    .waitFor()
  await page.locator('[role=row]', { hasText: 'partner-feed' }).locator('[data-label=Missed]').getByText('12').waitFor()
})

test('a disabled listener is enabled with one press', async () => {
  answers.ledger = (response) => void response.end('ok')
  const needed = await presses(async () => {
    await attention.getByRole('button', { name: 'Enable: orders → ledger' }).click()
    await attention.getByText('orders → ledger').waitFor({ state: 'detached' })
  })
  assert.equal(needed, 1)
  assert.equal((await call('GET', gone)).listener.status, 'enabled')
})

test('what a listener missed is redelivered with two presses', async () => {
  const { partner } = answers
  answers.partner = (response) => void response.end('ok')
  const needed = await presses(async () => {
    await attention.getByRole('button', { name: 'Redeliver: partner-feed → partner' }).click()
    await visitor.dialog().getByText('12 messages would be sent again.').waitFor()
    await visitor.dialog().getByRole('button', { name: 'Redeliver' }).click()
    await visitor.dialog().getByText('12 messages are on the way again').waitFor()
  })
  answers.partner = partner!
  assert.equal(needed, 2)
  await visitor.dialog().getByRole('button', { name: 'Close' }).click()
})

test('a paused queue is resumed with one press', async () => {
  const needed = await presses(async () => {
    await attention.getByRole('button', { name: 'Resume: telemetry' }).click()
    await attention.getByText('is paused with').waitFor({ state: 'detached' })
  })
  assert.equal(needed, 1)
  await call('PATCH', `/queues/${ids.telemetry}`, { paused: true })
})

test('a new schedule is two presses away', async () => {
  const needed = await presses(async () => {
    await page.getByRole('link', { name: 'Schedules' }).click()
    await visitor.button('New schedule').click()
    await visitor.dialog().getByLabel('Cron').waitFor()
  })
  assert.equal(needed, 2)
  await page.keyboard.press('Escape')
})

test('a message is found by what is in its data with one press', async () => {
  await call('POST', `/queues/${ids['search-index']}/messages`, { data: '{"sku":"needle-4711"}', name: 'the-needle' })
  const needed = await presses(async () => {
    await page.getByRole('link', { name: 'Messages', exact: true }).click()
    await visitor.field('Which contains').waitFor()
    await page.keyboard.type('needle-4711')
    await page.keyboard.press('Enter')
    await page.getByText('1 in all').waitFor()
    await page.getByRole('link', { name: 'the-needle' }).waitFor()
  })
  assert.equal(needed, 1)
})

test('a listener whose order waits behind a missed message says so, and goes on with one press', async () => {
  const queue = (await call('POST', '/queues', { name: 'in-order' })).queue.id
  answers.strict = (response) => void response.writeHead(500).end()
  const made = { name: 'strict', notify_url: `${fixture.receiverUrl}/strict`, ordering: 'queue', on_missed: 'block' }
  const { listener } = await call('POST', `/queues/${queue}/listeners`, { ...made, retry: { max_attempts: 1 } })
  const messages = Array.from({ length: 4 }, (_, index) => ({ data: `${index}`, name: `m-${index}` }))
  await call('POST', `/queues/${queue}/messages/batch`, { messages })
  await visitor.open(`/queues/${queue}/listeners/${listener.id}`)
  const banner = page.getByRole('status').filter({ hasText: 'Blocked' })
  await banner.getByText('3 deliveries wait, all of them behind it').waitFor()
  await banner.getByRole('link', { name: 'a missed message' }).click()
  await visitor.heading('m-0').waitFor()
  await page.goBack()
  answers.strict = (response) => void response.end('ok')
  await banner.getByRole('button', { name: 'Redeliver it' }).click()
  await banner.waitFor({ state: 'detached' })
  await page.locator('.figure', { hasText: 'Acknowledged' }).getByText('4', { exact: true }).waitFor()
})

test('nothing went wrong behind the pages', () => assertContent(visitor))
