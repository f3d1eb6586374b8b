import assert from 'node:assert/strict'
import { test } from 'node:test'
import { arrive, assertContent, sharedFixture } from './visitor.ts'

const fixture = await sharedFixture()
const visitor = await arrive(fixture)
const { page } = visitor

/** Every text that is drawn on a canvas from now on, which is where the labels of a chart are. */
async function watchLabels(): Promise<() => Promise<string[]>> {
  await page.evaluate(() => {
    const drawn: string[] = []
    const { fillText } = CanvasRenderingContext2D.prototype
    CanvasRenderingContext2D.prototype.fillText = function (text, ...rest) {
      drawn.push(text)
      return fillText.call(this, text, ...rest)
    }
    Object.assign(window, { drawn })
  })
  return () => page.evaluate(() => Object(window).drawn)
}

/** Answers the statistics as after an outage of hours: most deliveries took a moment, some took very long. */
async function afterAnOutage(): Promise<void> {
  await page.route('**/stats/messages**', async (route) => {
    const answer = await route.fetch()
    const stats = await answer.json()
    for (const [index, period] of stats.series.entries()) {
      period.counts.message_added = 1
      period.counts.message_published_ok = 3
      period.delivery_latency = { count: 9, p50: 4, p95: 40, p99: index > 200 && index < 220 ? 20_000_000 : 900 }
    }
    await route.fulfill({ json: stats })
  })
}

test('every line of the latency axis says its own time, and none says 0 ms', async () => {
  await afterAnOutage()
  await visitor.open('/ledger')
  await page.reload()
  const labels = await watchLabels()
  await visitor.open('/')
  await page.getByRole('img', { name: /the worst p99 is 5 h 33 min/ }).waitFor()
  const axis = (await labels()).filter((text) => /^\d+ (ms|s|min|h|d)/.test(text))
  for (const line of ['1 ms', '10 ms', '100 ms', '1 s', '10 s', '1 min', '10 min', '1 h', '10 h']) {
    assert.ok(axis.includes(line), `${line} of ${axis}`)
  }
  assert.ok(!axis.includes('0 ms'))
})

test('an hour, six or a day is shown, and a part that is dragged out of a chart', async () => {
  await visitor.open('/')
  const accepted = page.locator('.figure', { hasText: 'Messages accepted' }).locator('dd').first()
  const made = page.locator('.figure', { hasText: 'Deliveries made' })
  await made.getByText('one for each message and listener').waitFor()
  const day = Number(await accepted.textContent())
  await visitor.button('1 h').click()
  await page.getByRole('img', { name: /Messages a second over 1 h/ }).waitFor()
  await page.getByRole('button', { name: '1 h', pressed: true }).waitFor()
  const hour = Number(await accepted.textContent())
  assert.ok(hour >= 11 && hour <= 13, `${hour} periods of five minutes in an hour`)
  await visitor.button('24 h').click()
  assert.equal(Number(await accepted.textContent()), day)
  const box = (await page.getByRole('img', { name: /Messages a second over 24 h/ }).boundingBox())!
  await page.mouse.move(box.x + box.width * 0.4, box.y + 80)
  await page.mouse.down()
  await page.mouse.move(box.x + box.width * 0.6, box.y + 80, { steps: 5 })
  await page.mouse.up()
  await page.getByRole('img', { name: /Messages a second over \d+ \w+, \d\d:\d\d to / }).waitFor()
  const part = Number(await accepted.textContent())
  assert.ok(part > day * 0.15 && part < day * 0.3, `${part} of ${day}`)
  await visitor.button('Show a day again').click()
  await page.getByRole('img', { name: /Messages a second over 24 h/ }).waitFor()
  await visitor.sees('Statistics are kept for 24 h.')
  await page.unrouteAll()
})

test('the ledger leaves out what is nothing', async () => {
  await visitor.open('/ledger')
  await visitor.sees('The ledger balances')
  const heads = await page.getByRole('columnheader').allTextContents()
  assert.deepEqual(heads, ['Queue and listener', 'Accepted', 'Pending', 'Missed', 'Unaccounted'])
  const row = page.getByRole('row', { name: /^partner/ }).last()
  assert.deepEqual(await row.getByRole('cell').allTextContents(), ['partner', '12', '', '12', '0'])
})

test('a page that is first opened while the server is away is there once it is back', async () => {
  const away = await arrive(fixture)
  const everything = `${fixture.url}/**`
  await away.page.route(everything, (route) => route.abort('connectionrefused'))
  for (const [path, heading] of [
    ['/schedules', 'Schedules'],
    [`/queues/${fixture.ids.orders}/messages`, 'orders'],
    ['/events', 'Usage events'],
  ] as const) {
    await away.page.evaluate((to) => {
      location.hash = to
    }, path)
    assert.equal(await away.heading(heading).count(), 0)
  }
  await away.page.unroute(everything)
  await away.heading('Usage events').waitFor()
  await away.page.locator('.feed-row').first().waitFor()
  assert.equal(await away.page.getByText('This part of the page does not work').count(), 0)
})

test('a query that had given up asks again by itself', async () => {
  const away = await arrive(fixture)
  await away.open('/queues')
  await away.page.route('**/v1/events**', (route) => route.abort('connectionrefused'))
  await away.page.evaluate(() => {
    location.hash = '/events'
  })
  await away.heading('Could not load the events').waitFor({ timeout: 60_000 })
  await away.page.unroute('**/v1/events**')
  await away.page.locator('.feed-row').first().waitFor()
})

test('an address that is locked out is told so, and nothing of a scope', async () => {
  const locked = await arrive(fixture)
  await locked.page.route('**/v1/queues**', (route) =>
    route.fulfill({ status: 403, headers: { 'retry-after': '40' }, json: { title: 'Forbidden', status: 403 } }),
  )
  await locked.page.evaluate(() => {
    location.hash = '/queues'
  })
  await locked.page.reload()
  await locked.heading('This address is locked out').waitFor()
  assert.equal(await locked.page.getByText(/lacks the scope/).count(), 0)
  await locked.page.unrouteAll()
  await locked.page.getByRole('row', { name: /orders/ }).waitFor()
})

test('nothing went wrong behind the pages', () => assertContent(visitor))
