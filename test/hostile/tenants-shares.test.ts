import assert from 'node:assert/strict'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { after, test } from 'node:test'
import { createClient } from '../support/server/client.ts'
import { startHostileServer } from './servers.ts'

const server = await startHostileServer()
const client = createClient(() => server.url)
const sockets = new Set<Socket>()
after(() => {
  for (const socket of sockets) socket.destroy()
})

interface Tenant {
  key: string
  queue: string
  call(method: string, path: string, body?: unknown): Promise<Answer>
}

// biome-ignore lint/suspicious/noExplicitAny: answers are looked into by the tests, each with its own idea of them
type Answer = { status: number; retryAfter: string | null; body: any }

/** An organization with a queue. */
async function tenant(name: string): Promise<Tenant> {
  const { api_key: key } = (await client.call('POST', '/api_clients', { name })).body
  const headers = { 'x-api-key': key, 'content-type': 'application/json' }
  const call: Tenant['call'] = async (method, path, body) => {
    const answer = await fetch(`${server.url}/v1${path}`, { method, headers, body: JSON.stringify(body) })
    return { status: answer.status, retryAfter: answer.headers.get('retry-after'), body: await answer.json() }
  }
  const { queue } = (await call('POST', '/queues', { name: 'q' })).body
  return { key, queue: queue.id, call }
}

/** A receiver that takes connections, says what it is asked for, and answers only where the path is not `/hang`. */
async function startReceiver(onRequest: (path: string) => void = () => undefined): Promise<string> {
  const receiver = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => socket.destroy())
    socket.on('data', (bytes) => {
      const path = bytes.toString('latin1').split(' ')[1]!
      onRequest(path)
      if (path !== '/hang') socket.write('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n')
    })
  })
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve))
  after(() => receiver.close())
  return `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`
}

async function addListener({ call, queue }: Tenant, name: string, urls: object): Promise<string> {
  const answer = await call('POST', `/queues/${queue}/listeners`, { name, ...urls })
  return answer.body.listener.id
}

test('an organization whose checks hang is told that it has its share, and the check of another goes on', async () => {
  const begun = Promise.withResolvers<void>()
  let hanging = 0
  const receiver = await startReceiver((path) => {
    if (path === '/hang' && ++hanging === 4) begun.resolve()
  })
  const [greedy, honest] = [await tenant('greedy-checks'), await tenant('honest-checks')]
  const stuck = await addListener(greedy, 'l', { notify_url: `${receiver}/hang`, timeout: 2_000 })
  const healthy = await addListener(honest, 'l', { notify_url: `${receiver}/ok` })
  const check = (of: Tenant, id: string) => of.call('POST', `/queues/${of.queue}/listeners/${id}/check`, {})
  const running = Array.from({ length: 4 }, () => check(greedy, stuck))
  await begun.promise
  const refused = await check(greedy, stuck)
  const passed = await check(honest, healthy)
  assert.equal(refused.status, 429)
  assert.equal(refused.retryAfter, '1')
  assert.match(refused.body.detail, /the organization has 4 of the 64 checks of listeners of this server/)
  assert.equal(passed.status, 200)
  assert.equal(passed.body.check.passed, true)
  for (const answer of await Promise.all(running)) assert.equal(answer.status, 200)
})

/** The status and the rest of the first bytes that come. */
function openStream(key: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(server.port, '127.0.0.1')
    sockets.add(socket)
    socket.once('error', reject)
    socket.once('data', (bytes) => resolve(bytes.toString('latin1')))
    socket.write(`GET /v1/events/stream HTTP/1.1\r\nhost: a\r\nx-api-key: ${key}\r\n\r\n`)
  })
}

test('an organization has 2,000 streams of events and no more, and another has its own beside them', async () => {
  const [greedy, honest] = [await tenant('greedy-streams'), await tenant('honest-streams')]
  const heads: string[] = []
  for (let opened = 0; opened < 2_050; opened += 50) {
    heads.push(...(await Promise.all(Array.from({ length: 50 }, () => openStream(greedy.key)))))
  }
  const statuses = heads.map((head) => head.slice(9, 12))
  assert.deepEqual([...new Set(statuses.slice(0, 2_000))], ['200'])
  assert.deepEqual([...new Set(statuses.slice(2_000))], ['429'])
  assert.match(heads.at(-1)!, /\r\nretry-after: 1\r\n/i)
  const theirs = await Promise.all(Array.from({ length: 50 }, () => openStream(honest.key)))
  assert.ok(theirs.every((head) => head.startsWith('HTTP/1.1 200 ')))
})
