import assert from 'node:assert/strict'
import { test } from 'node:test'
import { arrive, assertContent, sharedFixture } from './visitor.ts'

const fixture = await sharedFixture()
const { ids, call, answers } = fixture
const visitor = await arrive(fixture)
const { page } = visitor
const partner = `/queues/${ids['partner-feed']}/listeners/${ids['partner-feed/partner']}`
const table = page.getByRole('table')
const rows = table.locator('.table-body').getByRole('row')

test('what failed is told by status and the first bytes of the answer, and the address keeps what was asked for', async () => {
  await visitor.open(partner)
  await page.getByRole('tab', { name: 'Attempts' }).click()
  await rows.getByText('answered 503').first().waitFor()
  await rows.getByText('{"error":"maintenance"}').first().waitFor()
  await visitor.field('Status').fill('4xx')
  await visitor.heading('No attempt fits').waitFor()
  assert.match(page.url(), /\/attempts\?answer=4xx$/)
  await visitor.field('Status').fill('503')
  await rows.getByText('answered 503').first().waitFor()
  await page.reload()
  await rows.getByText('answered 503').first().waitFor()
  assert.equal(await visitor.field('Status').inputValue(), '503')
  await visitor.field('Outcome').selectOption('ok')
  await visitor.heading('No attempt fits').waitFor()
})

test('what waits says for what: its time, a pause, the message before it that was missed', async () => {
  const queue = (await call('POST', '/queues', { name: 'waits' })).queue.id
  answers.strict = (response) => void response.writeHead(500).end('no')
  const made = { name: 'strict', notify_url: `${fixture.receiverUrl}/strict`, ordering: 'queue', on_missed: 'block' }
  const { listener } = await call('POST', `/queues/${queue}/listeners`, { ...made, retry: { max_attempts: 1 } })
  const messages = [
    { data: '1', name: 'head' },
    { data: '2', name: 'second' },
  ]
  await call('POST', `/queues/${queue}/messages/batch`, { messages })
  await visitor.open(`/queues/${queue}/listeners/${listener.id}/deliveries`)
  const second = rows.filter({ hasText: 'second' })
  await second.getByText('the message before it').waitFor()
  await second.getByRole('link', { name: 'which was missed, and blocks' }).click()
  await visitor.heading('head').waitFor()
  await call('PATCH', `/queues/${queue}`, { paused: true })
  await visitor.open(`/queues/${queue}/listeners/${listener.id}/deliveries`)
  await second.getByText('the queue is paused').waitFor()
})

test('what was missed before a listener was told to block is not said to block it', async () => {
  const queue = (await call('POST', '/queues', { name: 'old-misses' })).queue.id
  answers.turned = (response) => void response.writeHead(500).end()
  const made = { name: 'turned', notify_url: `${fixture.receiverUrl}/turned`, ordering: 'queue' }
  const { listener } = await call('POST', `/queues/${queue}/listeners`, { ...made, retry: { max_attempts: 1 } })
  const path = `/queues/${queue}/listeners/${listener.id}`
  await call('POST', `/queues/${queue}/messages`, { data: '1' })
  while ((await call('GET', path)).listener.messages.missed_count === 0) await new Promise((go) => setTimeout(go, 20))
  await call('PATCH', path, {
    on_missed: 'block',
    retry: { max_attempts: 50, initial_delay: 60_000, max_delay: 60_000 },
  })
  await call('POST', `/queues/${queue}/messages`, { data: '2', name: 'retried' })
  await visitor.open(`${path}/deliveries`)
  await rows.filter({ hasText: 'retried' }).getByText('the next attempt').waitFor()
  assert.equal(await page.getByRole('status').filter({ hasText: 'Blocked' }).count(), 0)
})

test('some of what was missed is chosen and redelivered', async () => {
  await visitor.open(`${partner}/deliveries?status=missed`)
  await rows.first().getByText('no attempt is left').waitFor()
  assert.equal(await rows.count(), 12)
  answers.partner = (response) => void response.end('ok')
  await rows.nth(0).getByRole('checkbox').check()
  await rows.nth(3).getByRole('checkbox').check()
  await visitor.button('Redeliver 2 messages').click()
  await visitor.sees('2 messages are on the way again.')
  await page.locator('.figure', { hasText: 'Missed' }).getByText('10', { exact: true }).waitFor()
  await rows.nth(10).waitFor({ state: 'detached' })
  await visitor.button('Choose all shown').click()
  await visitor.button('Redeliver 10 messages').click()
  await visitor.heading('Nothing was missed').waitFor()
  await visitor.field('Which').selectOption('delivered')
  await rows.first().getByText('answered 200').waitFor()
})

test('what was missed is counted, discarded by its text, and gone from the list', async () => {
  const queue = (await call('POST', '/queues', { name: 'unwanted' })).queue.id
  answers.unwanted = (response) => void response.writeHead(500).end()
  const made = { name: 'unwanted', notify_url: `${fixture.receiverUrl}/unwanted`, retry: { max_attempts: 1 } }
  const { listener } = await call('POST', `/queues/${queue}/listeners`, made)
  const path = `/queues/${queue}/listeners/${listener.id}`
  for (const customer of [17, 18, 17]) {
    await call('POST', `/queues/${queue}/messages`, { data: JSON.stringify({ customer }), name: `of-${customer}` })
  }
  while ((await call('GET', path)).listener.messages.missed_count < 3) await new Promise((go) => setTimeout(go, 20))
  await visitor.open(`${path}/deliveries?status=missed`)
  await rows.nth(2).waitFor()
  await visitor.button('Discard …').click()
  await visitor.sees('3 deliveries would be discarded.')
  await visitor.field('With this text in their data').fill('"customer":17')
  await visitor.sees('2 deliveries would be discarded.')
  await page.getByRole('dialog').getByRole('button', { name: 'Discard', exact: true }).click()
  await visitor.sees('2 deliveries are discarded; that was all.')
  await visitor.button('Close').click()
  await visitor.open(`${path}/deliveries?status=missed`)
  await rows.filter({ hasText: 'of-18' }).waitFor()
  assert.equal(await rows.count(), 1)
})

test('nothing went wrong behind the pages', () => assertContent(visitor))
