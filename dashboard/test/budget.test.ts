import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Page } from 'playwright-core'
import { startBrowser } from './browser.ts'
import { arrive, assertContent, sharedFixture } from './visitor.ts'

const MAX_FIRST_LOAD_BYTES = 300 * 1024
const MESSAGES = 20_000
const MAX_DRAWN_ROWS = 120

const fixture = await sharedFixture()

/** What came over the wire, as it was sent: compressed, with headers. */
async function countBytes(page: Page): Promise<() => number> {
  const session = await page.context().newCDPSession(page)
  await session.send('Network.enable')
  let bytes = 0
  session.on('Network.loadingFinished', ({ encodedDataLength }) => {
    bytes += encodedDataLength
  })
  return () => bytes
}

test('the first load is below 300 KiB, to the page for signing in and on to the overview', async (t) => {
  const browser = await startBrowser()
  t.after(() => browser.close())
  const { page } = browser
  const bytes = await countBytes(page)
  await page.goto(fixture.url)
  const field = page.getByLabel('API key')
  await field.waitFor()
  const ready = await page.evaluate(() => Math.round(performance.now()))
  await page.waitForLoadState('networkidle')
  t.diagnostic(`${Math.round(bytes() / 1024)} KiB, ready to type ${ready} ms after the navigation began`)
  assert.ok(bytes() > 50_000, 'the bytes are counted')
  assert.ok(bytes() < MAX_FIRST_LOAD_BYTES, `${bytes()} bytes`)
})

test('files are kept by the browser: the second load asks for the page alone', async () => {
  const visitor = await arrive(fixture, { key: null })
  // A file that is still on its way, such as a font, has not been kept yet.
  await visitor.page.evaluate(async () => void (await document.fonts.ready))
  await visitor.page.waitForLoadState('networkidle')
  const bytes = await countBytes(visitor.page)
  await visitor.page.goto(fixture.url)
  await visitor.field('API key').waitFor()
  assert.ok(bytes() < 5_000, `${bytes()} bytes`)
})

test('a list of very many messages draws few rows, and loads more as one scrolls', async (t) => {
  const queue = (await fixture.call('POST', '/queues', { name: 'large' })).queue.id
  for (let sent = 0; sent < MESSAGES; sent += 1_000) {
    const messages = Array.from({ length: 1_000 }, (_, index) => ({ name: `m-${sent + index}`, data: '{"a":1}' }))
    await fixture.call('POST', `/queues/${queue}/messages/batch`, { messages })
  }
  const visitor = await arrive(fixture)
  const { page } = visitor
  await visitor.open(`/queues/${queue}/messages`)
  const list = page.locator('.table-scroll')
  await list.waitFor()
  // Frames are counted while it scrolls, a screen or so at a time, as a wheel does.
  const frames = await list.evaluate(async (element) => {
    const times: number[] = []
    let last = performance.now()
    for (let step = 0; step < 240; step++) {
      element.scrollTop += 400
      await new Promise(requestAnimationFrame)
      times.push(performance.now() - last)
      last = performance.now()
    }
    return times.toSorted((a, b) => a - b)
  })
  const at = (share: number) => Math.round(frames[Math.floor(frames.length * share)]!)
  t.diagnostic(`frames: p50 ${at(0.5)} ms, p95 ${at(0.95)} ms, worst ${at(0.999)} ms`)
  await page.getByText(/[1-9][\d,]{3,} so far/).waitFor()
  const drawn = await list.getByRole('row').count()
  assert.ok(drawn > 5 && drawn < MAX_DRAWN_ROWS, `${drawn} rows are drawn`)
  const before = await list.getByRole('row').first().getAttribute('aria-rowindex')
  assert.ok(Number(before) > 500, 'rows far down know where they are')
  assertContent(visitor)
})
