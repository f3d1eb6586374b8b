// Heads that were made to be slow to read cost the server no more than other heads of their size: without a key, as
// nothing but the key is looked at then, and with one.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { describe, type TestContext, test } from 'node:test'
import { readExposition } from '../support/server/prometheus.ts'
import { TEST_ROOT_KEY } from '../support/server/server-process.ts'
import { type HostileServer, startHostileServer } from './servers.ts'

const REQUESTS = 60
/** As large as all headers together may be, with room for the usual ones. */
const SIZE = 14_000
/** More than heads of a thousand parts differ from one of a single part; the square of such a text is far more. */
const MAX_RATIO = 25

const HOSTILE: [what: string, header: string, value: string][] = [
  ['an Accept with a quote that never closes', 'accept', `a/b;c="${'\\"'.repeat(SIZE / 2)}`],
  ['an Accept of quotes', 'accept', '"'.repeat(SIZE - 1)],
  ['an Accept of many types', 'accept', 'a/b;q=0.1,'.repeat(SIZE / 10)],
  ['a Content-Type of spaces', 'content-type', `application/json${' '.repeat(SIZE)};x`],
  ['a Content-Type of parameters', 'content-type', `application/json${';charset=utf-8'.repeat(SIZE / 14)}`],
  ['an X-Forwarded-For of many addresses', 'x-forwarded-for', '10.0.0.1,'.repeat(SIZE / 9)],
  ['an If-None-Match of many tags', 'if-none-match', '"a",'.repeat(SIZE / 4)],
  ['a traceparent of dashes', 'traceparent', `01-${'a'.repeat(32)}-${'a'.repeat(16)}-00${'-'.repeat(SIZE)}`],
  ['a cookie of semicolons', 'cookie', 'a=b; '.repeat(SIZE / 5)],
]
/** Query strings, which are part of the head as well. */
const QUERIES: [what: string, query: string][] = [
  ['a query of ampersands', '&'.repeat(SIZE)],
  ['a query of escapes', `pretty=${'%C3'.repeat(SIZE / 3)}`],
  ['a query of one name', 'pretty&'.repeat(SIZE / 7)],
]
const PLAIN: Record<string, string> = { 'x-plain': 'x'.repeat(SIZE) }

interface Ask {
  path?: string
  headers: Record<string, string>
}

async function send(server: HostileServer, agent: Agent, { path = '/v1/queues', headers }: Ask): Promise<number> {
  const sent = request(`${server.url}${path}`, { agent, headers, method: 'POST' })
  const [response] = await once(sent.end('{}'), 'response')
  response.resume()
  await once(response, 'end')
  return response.statusCode
}

async function cpuSeconds({ metricsPort }: HostileServer): Promise<number> {
  const samples = readExposition(await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text())
  return samples
    .filter(({ name }) => /^process_cpu_\w+_seconds_total$/.test(name))
    .reduce((sum, it) => sum + it.value, 0)
}

/** The server's CPU time for many requests, the least of some rounds, so that its own work beside them does not count. */
async function costOf(server: HostileServer, agent: Agent, ask: Ask): Promise<number> {
  const costs: number[] = []
  for (let round = 0; round < 3; round++) {
    const before = await cpuSeconds(server)
    await Promise.all(Array.from({ length: REQUESTS }, () => send(server, agent, ask)))
    costs.push((await cpuSeconds(server)) - before)
  }
  return Math.min(...costs)
}

describe('a head costs no more than others of its size where it is', async () => {
  // So that X-Forwarded-For is looked at, and no address is locked out for its wrong keys.
  const server = await startHostileServer({ env: { DISCUE_TRUSTED_PROXIES: '127.0.0.1,10.0.0.0/8' } })
  const agent = new Agent({ keepAlive: true, maxSockets: 20 })
  const keys: Record<string, string>[] = [{}, { 'x-api-key': TEST_ROOT_KEY }]
  const plain: number[] = []
  for (const key of keys) plain.push(await costOf(server, agent, { headers: { ...PLAIN, ...key } }))
  const asks = [
    ...HOSTILE.map(([what, header, value]): [string, Ask] => [what, { headers: { [header]: value } }]),
    ...QUERIES.map(([what, query]): [string, Ask] => [what, { headers: {}, path: `/v1/queues?${query}` }]),
  ]
  for (const [what, ask] of asks) {
    test(what, { timeout: 60_000 }, async (t: TestContext) => {
      for (const [at, key] of keys.entries()) {
        const ratio = (await costOf(server, agent, { ...ask, headers: { ...ask.headers, ...key } })) / plain[at]!
        t.diagnostic(`${'x-api-key' in key ? 'with' : 'without'} a key: ${ratio.toFixed(1)} times`)
        assert.ok(ratio < MAX_RATIO, `${ratio} times as much as one of the same size`)
      }
    })
  }

  test('nothing of it is judged before the key', { timeout: 60_000 }, async () => {
    for (const [what, ask] of asks) assert.equal(await send(server, agent, ask), 401, what)
  })
})
