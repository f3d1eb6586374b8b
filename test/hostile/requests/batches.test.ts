import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OWNER_KEY, sharedApi } from '../../support/server/api.ts'
import { createClient } from '../../support/server/client.ts'

const api = await sharedApi()
const url = await api.app.listen({ port: 0, host: '127.0.0.1' })
const client = createClient(() => url, OWNER_KEY)
const schema = { list: { type: 'array', items: { type: 'string', pattern: '^a' } } }
const queueId: string = (await client.call('POST', '/queues', { name: 'checked', schema })).body.queue.id

/** How often the thread was free while a request was under way. */
async function turnsOf(work: Promise<unknown>): Promise<number> {
  let [turns, ended] = [0, false]
  const end = () => {
    ended = true
  }
  work.then(end, end)
  while (!ended) {
    await new Promise((resolve) => setImmediate(resolve))
    turns += 1
  }
  return turns
}

test('a batch of 16 MiB leaves the thread free in a hundred pieces and more', async () => {
  const data = JSON.stringify({ list: Array.from({ length: 1_200 }, (_, i) => `abc${i}`) })
  const messages = Array.from({ length: 1_000 }, () => ({ data }))
  const body = Buffer.from(JSON.stringify({ messages }))
  assert.ok(body.length > 12 * 1024 * 1024 && body.length < 16 * 1024 * 1024)
  const headers = { 'x-api-key': OWNER_KEY, 'content-type': 'application/json', 'idempotency-key': 'heavy' }
  const answer = api.inject({ method: 'POST', url: `/v1/queues/${queueId}/messages/batch`, headers, payload: body })
  const turns = await turnsOf(answer)
  assert.equal((await answer).statusCode, 200)
  // Counted and hashed, parsed, checked by shape, and checked by schema, each in pieces of its own.
  assert.ok(turns >= 100, `${turns} turns`)
})
