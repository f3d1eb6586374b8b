// A server that was stopped, as a laptop that sleeps or a container that is paused, finds its timers due and its answers
// unread when it goes on. What had come by then counts.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { createClient } from '../../support/server/client.ts'
import { makeFolder, startServerProcess, TEST_ROOT_KEY } from '../../support/server/server-process.ts'
import { waitFor } from '../../support/wait-for.ts'

const MESSAGES = 20
/** Longer than a check of a liveness URL may take, and than the listener's timeout. */
const STOPPED_MS = 5_500

/** Keeps every request open, as its response, until the test answers. */
async function startReceiver() {
  const open = { hook: [] as ServerResponse[], alive: [] as ServerResponse[] }
  const server = createServer((request, response) => {
    open[request.url === '/alive' ? 'alive' : 'hook'].push(response)
    request.resume()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { open, server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

test('answers that came while the server was stopped count before its timers do', { timeout: 60_000 }, async (t) => {
  using folder = makeFolder()
  const receiver = await startReceiver()
  const database = { DISCUE_DATABASE_URL: `sqlite:${folder.path}/d.db` }
  const server = await startServerProcess({ ...database, DISCUE_ROOT_API_KEY: TEST_ROOT_KEY })
  t.after(async () => {
    await server.end('SIGKILL')
    receiver.server.close()
    receiver.server.closeAllConnections()
  })
  const client = createClient(() => server.url)
  const queue = (await client.call('POST', '/queues', { name: 'stopped' })).body.queue.id
  const listener = { notify_url: `${receiver.url}/hook`, timeout: 4_000, retry: { max_attempts: 1 } }
  await client.call('POST', `/queues/${queue}/listeners`, { name: 'hook', ...listener })
  const others = (await client.call('POST', '/queues', { name: 'checked' })).body.queue.id
  const checked = { name: 'alive', notify_url: `${receiver.url}/hook`, liveness_url: `${receiver.url}/alive` }
  const { listener: alive } = (await client.call('POST', `/queues/${others}/listeners`, checked)).body
  const posts = Array.from({ length: MESSAGES }, () =>
    client.call('POST', `/queues/${queue}/messages`, { data: 'hello' }),
  )
  const ids = (await Promise.all(posts)).map(({ body }) => body.message.id as string)
  await waitFor('requests', () => receiver.open.hook.length + receiver.open.alive.length, MESSAGES + 1)
  process.kill(server.pid, 'SIGSTOP')
  for (const response of [...receiver.open.hook, ...receiver.open.alive]) response.end('thanks')
  await sleep(STOPPED_MS)
  process.kill(server.pid, 'SIGCONT')
  for (const id of ids) {
    const told = async () => (await client.call('GET', `/queues/${queue}/messages/${id}/attempts`)).body.attempts
    await waitFor('the end of an attempt', async () => (await told()).length)
    const [attempt] = await told()
    assert.deepEqual([attempt.status, attempt.error ?? null], [200, null])
  }
  const liveness = async () =>
    (await client.call('GET', `/queues/${others}/listeners/${alive.id}`)).body.listener.liveness
  await waitFor('the end of a check', async () => (await liveness()).state !== 'unknown')
  const { state, failure_count } = await liveness()
  assert.deepEqual([state, failure_count], ['stable', 0])
})
