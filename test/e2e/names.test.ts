import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { type Client, createClient } from '../support/server/client.ts'
import { startDnsServer } from '../support/server/dns-server.ts'
import { startReceiver } from '../support/server/receiver.ts'
import { makeFolder, startServerProcess, TEST_ROOT_KEY } from '../support/server/server-process.ts'
import { waitFor } from '../support/wait-for.ts'

const [SILENT, HEALTHY] = [100, 5]
const MESSAGES = 10
const [POLL_MS, PATIENCE_MS] = [100, 60_000]

async function openQueue({ call }: Client, name: string, urls: string[]): Promise<string> {
  const { queue } = (await call('POST', '/queues', { name })).body
  const listeners = urls.map((url, n) => ({ name: `${name}-${n}`, notify_url: url, retry: { max_attempts: 1 } }))
  for (const listener of listeners) {
    assert.equal((await call('POST', `/queues/${queue.id}/listeners`, listener)).status, 200)
  }
  return queue.id
}

test('a server delivers to healthy listeners at the first attempt beside a hundred whose names no server answers for', async () => {
  using folder = makeFolder()
  const receiver = await startReceiver()
  await using dns = await startDnsServer(({ name }) =>
    name.startsWith('silent') ? 'silent' : { addresses: ['127.0.0.1'], ttl: 0 },
  )
  const server = await startServerProcess({
    DISCUE_DATABASE_URL: `sqlite:${join(folder.path, 'discue.db')}`,
    DISCUE_ROOT_API_KEY: TEST_ROOT_KEY,
    DISCUE_DNS_SERVERS: dns.address,
  })
  const client = createClient(() => server.url)
  const { port } = new URL(receiver.url)
  const named = (name: string, count: number) =>
    Array.from({ length: count }, (_, n) => `http://${name}-${n}.example:${port}/`)
  const silent = await openQueue(client, 'silent', named('silent', SILENT))
  const healthy = await openQueue(client, 'healthy', named('healthy', HEALTHY))
  const post = async (queueId: string): Promise<string> =>
    (await client.call('POST', `/queues/${queueId}/messages`, { data: 'x' })).body.message.id

  const first = await post(silent)
  for (let n = 1; n < MESSAGES; n++) await post(silent)
  for (let n = 0; n < MESSAGES; n++) await post(healthy)
  await receiver.until(HEALTHY * MESSAGES)
  assert.deepEqual(new Set(receiver.received.map(({ headers }) => headers['discue-attempt'])), new Set(['1']))
  assert.equal(receiver.received.length, HEALTHY * MESSAGES)

  const attemptsOf = async () =>
    (await client.call('GET', `/queues/${silent}/messages/${first}/attempts`)).body.attempts
  const ended = async () => (await attemptsOf()).length
  await waitFor('attempts that have ended', ended, SILENT, { withinMs: PATIENCE_MS, everyMs: POLL_MS })
  const attempts = await attemptsOf()
  const errors = attempts.map(({ error }: { error: string }) => error)
  assert.deepEqual(new Set(errors), new Set(['dns']))
  assert.equal(await server.end('SIGTERM'), 0)
})
