import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sharedApi } from '../../../support/server/api.ts'

const api = await sharedApi()
let made = 0

/** A queue with a listener for each of so many shops; they pull, so that nothing is sent. */
async function queueOf(shops: number, more: object[] = []): Promise<string> {
  const { id } = (await api.call('POST', '/v1/queues', { name: `shops-${++made}` })).body.queue
  const filters = Array.from({ length: shops }, (_, shop) => ({ filter: { data: { shop } } }))
  for (const [place, listener] of [...filters, ...more].entries()) {
    const { status, body } = await api.call('POST', `/v1/queues/${id}/listeners`, { name: `l${place}`, ...listener })
    assert.equal(status, 200, JSON.stringify(body))
  }
  return `/v1/queues/${id}/messages`
}

const batchOf = (count: number, shopOf: (index: number) => number | null) => ({
  messages: Array.from({ length: count }, (_, index) => ({ data: JSON.stringify({ shop: shopOf(index) }) })),
})
const ALL_FIT = { filter: { data: { $not: { shop: -1 } } } }

test('a batch makes the deliveries that fit, and is refused for no listener that it leaves out', async () => {
  const base = await queueOf(100)
  const accepted = await api.call(
    'POST',
    `${base}/batch`,
    batchOf(1_000, (index) => index % 100),
  )
  assert.equal(accepted.status, 200, JSON.stringify(accepted.body))
  assert.equal(accepted.body.messages.length, 1_000)
  const [first] = accepted.body.messages
  assert.equal((await api.call('GET', `${base}/${first.id}`)).body.message.deliveries.length, 1)
  const ledger = (await api.call('GET', '/v1/ledger')).body.ledger
  assert.equal(ledger.unaccounted, 0)
  assert.equal(ledger.accepted, 1_000)
})

test('a batch that fits too much is refused with what it would make, and nothing of it is stored', async () => {
  const fitting = await queueOf(
    1,
    Array.from({ length: 11 }, () => ALL_FIT),
  )
  const unfiltered = await queueOf(
    1,
    Array.from({ length: 11 }, () => ({})),
  )
  for (const base of [fitting, unfiltered]) {
    const { status, body } = await api.call(
      'POST',
      `${base}/batch`,
      batchOf(1_000, () => null),
    )
    assert.equal(status, 422, JSON.stringify(body))
    assert.match(body.detail, /would make 11000 deliveries, and at most 10000 /)
    assert.equal((await api.call('GET', base)).body.messages.length, 0)
    const fewer = await api.call(
      'POST',
      `${base}/batch`,
      batchOf(900, () => null),
    )
    assert.equal(fewer.status, 200, JSON.stringify(fewer.body))
  }
})
