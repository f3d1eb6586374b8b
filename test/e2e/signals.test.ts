import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { createClient } from '../support/server/client.ts'
import { startReceiver } from '../support/server/receiver.ts'
import { makeFolder, startServerProcess, TEST_ROOT_KEY } from '../support/server/server-process.ts'

/** A server with a delivery on the wire, which its receiver answers when it is told to. */
async function serverThatDelivers(folder: string) {
  const env = { DISCUE_DATABASE_URL: `sqlite:${folder}/discue.db`, DISCUE_ROOT_API_KEY: TEST_ROOT_KEY }
  const server = await startServerProcess(env)
  const answered = Promise.withResolvers<void>()
  const receiver = await startReceiver((_, response) => void answered.promise.then(() => response.end()))
  const client = createClient(() => server.url)
  const { queue } = (await client.call('POST', '/queues', { name: 'orders' })).body
  await client.call('POST', `/queues/${queue.id}/listeners`, { name: 'shop', notify_url: receiver.url })
  await client.call('POST', `/queues/${queue.id}/messages`, { data: 'x' })
  await receiver.until(1)
  return { env, server, receiver, answer: answered.resolve }
}

test('one stop that is heard twice, by the process group and from a parent, finishes what is on the wire', async () => {
  using folder = makeFolder()
  const { env, server, receiver, answer } = await serverThatDelivers(folder.path)
  process.kill(server.pid, 'SIGTERM')
  process.kill(server.pid, 'SIGTERM')
  process.kill(server.pid, 'SIGINT')
  answer()
  assert.equal(await server.exited, 0)
  const next = await startServerProcess(env)
  const client = createClient(() => next.url)
  const { queues } = (await client.call('GET', '/queues')).body
  const { queue } = (await client.call('GET', `/queues/${queues[0].id}`)).body
  assert.equal(queue.pending_count, 0)
  assert.equal(receiver.received.length, 1)
  assert.equal(await next.end('SIGTERM'), 0)
})

test('a second stop, a second later, does not wait for what is on the wire', async () => {
  using folder = makeFolder()
  const { server } = await serverThatDelivers(folder.path)
  process.kill(server.pid, 'SIGTERM')
  // Longer than it takes until a signal counts as another one, and shorter than a stop waits for a receiver.
  await sleep(1_500)
  assert.equal(await server.end('SIGTERM'), 1)
})
