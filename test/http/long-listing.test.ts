import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Json, OWNER_KEY, sharedApi } from '../support/server/api.ts'

const api = await sharedApi()
const queueId: string = (await api.call('POST', '/v1/queues', { name: 'long' })).body.queue.id
const at = `/v1/queues/${queueId}`

async function textOf(url: string): Promise<string> {
  const { statusCode, headers, payload } = await api.inject({ method: 'GET', url, headers: { 'x-api-key': OWNER_KEY } })
  assert.deepEqual([statusCode, headers['content-type']], [200, 'application/json; charset=utf-8'])
  return payload
}

const data = (i: number) => JSON.stringify({ i, text: `\n"é\\ ${'x'.repeat(20_000)}` })

for (const [collection, create] of [
  ['messages', (i: number) => ({ data: data(i), key: `k${i}`, ...(i % 2 === 0 && { name: `m${i}` }) })],
  ['schedules', (i: number) => ({ data: data(i), name: `s${i}`, cron: '0 9 29 2 *', timezone: 'Europe/Berlin' })],
] as const) {
  test(`a long page of ${collection} holds what short pages do`, async () => {
    for (let i = 0; i < 30; i++) assert.equal((await api.call('POST', `${at}/${collection}`, create(i))).status, 200)
    const long = await textOf(`${at}/${collection}?_embed`)
    const { _embedded: embedded, ...around } = JSON.parse(long) as Json
    assert.equal(embedded[collection].length, 30)
    const { _embedded: _, ...references } = JSON.parse(await textOf(`${at}/${collection}`)) as Json
    assert.deepEqual(around[collection], references[collection])
    assert.deepEqual(Object.keys(around._links), Object.keys(references._links))
    for (const page of [1, 15, 30]) {
      const short = JSON.parse(await textOf(`${at}/${collection}?_embed&per_page=1&page=${page}`)) as Json
      assert.deepEqual(embedded[collection][page - 1], short._embedded[collection][0])
    }
    assert.equal(await textOf(`${at}/${collection}?_embed&pretty`), JSON.stringify(JSON.parse(long), null, 2))
  })
}

test('others have their turn while a long page is written', async () => {
  let [turns, ended] = [0, false]
  const listing = textOf(`${at}/messages?_embed`).finally(() => {
    ended = true
  })
  while (!ended) {
    await new Promise((resolve) => setImmediate(resolve))
    turns += 1
  }
  await listing
  assert.ok(turns >= 3, `${turns} turns`)
})
