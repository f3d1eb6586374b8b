import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { createClient } from '../support/server/client.ts'
import { allArrived, duplicates, makeQueue } from '../support/server/cluster.ts'
import { kill, type ProcessTree, startTree } from '../support/server/process-tree.ts'
import { startReceiver } from '../support/server/receiver.ts'
import { makeFolder, TEST_ROOT_KEY } from '../support/server/server-process.ts'
import { WAYS_TO_START } from '../support/server/ways-to-start.ts'
import { inTime, waitFor } from '../support/wait-for.ts'

const timeout = 120_000
const CONNECTIONS = 12
const BEFORE = 200
const container = WAYS_TO_START["by the image's entry point"]

/** Kubernetes: the container's first process, behind which goes on what routes requests to it, for a while. */
const askToStop = (tree: ProcessTree) => kill(tree.processes()[1]!, 'SIGTERM')

async function startIn(folder: string) {
  const env = { DISCUE_DATABASE_URL: `sqlite:${join(folder, 'discue.db')}`, DISCUE_ROOT_API_KEY: TEST_ROOT_KEY }
  return startTree(container.words(), { env })
}

test('a stop beside requests that still come in loses nothing, makes no duplicate, and ends with 0', {
  timeout,
  skip: container.skip,
}, async () => {
  using folder = makeFolder()
  // Slow answers keep many deliveries on the wire.
  const receiver = await startReceiver((_, response) => setTimeout(() => response.end(), 30))
  let tree = await startIn(folder.path)
  const client = createClient(() => tree.url)
  const queueId = await makeQueue(client, [receiver])
  const [accepted, refused] = [new Set<string>(), new Set<string>()]
  const odd: unknown[] = []

  // Each goes on until nothing listens any more, as a client does that has not heard of the stop.
  async function post(lane: number): Promise<void> {
    for (let index = 0; ; index++) {
      const data = JSON.stringify({ lane, index })
      try {
        const { status, body } = await client.call('POST', `/queues/${queueId}/messages`, { data })
        if (status === 200) accepted.add(data)
        else if (status === 503) refused.add(data)
        else odd.push(status, body)
      } catch (error) {
        if (((error as Error).cause as NodeJS.ErrnoException)?.code === 'ECONNREFUSED') return
      }
    }
  }

  const posters = Array.from({ length: CONNECTIONS }, (_, lane) => post(lane))
  // What a `preStop` waits for: requests go on meanwhile, and are taken.
  await waitFor('accepted messages', () => accepted.size, BEFORE)
  askToStop(tree)
  await inTime('the end of all posters', Promise.all(posters))
  assert.deepEqual(await tree.ended, { code: 0, signal: null }, tree.output())
  assert.deepEqual(odd, [])
  tree = await startIn(folder.path)
  await allArrived([receiver], accepted)
  assert.equal(duplicates(receiver), 0)
  const bodies = new Set(receiver.received.map(({ body }) => body))
  assert.deepEqual(
    [...refused].filter((data) => bodies.has(data)),
    [],
    'what was refused was not stored',
  )
  askToStop(tree)
  assert.deepEqual(await tree.ended, { code: 0, signal: null })
})

test('a request that is half sent when the server is asked to stop is answered', {
  timeout,
  skip: container.skip,
}, async () => {
  using folder = makeFolder()
  const tree = await startIn(folder.path)
  const queueId = await makeQueue(
    createClient(() => tree.url),
    [],
  )
  const socket = connect(Number(new URL(tree.url).port), '127.0.0.1')
  await once(socket, 'connect')
  const body = JSON.stringify({ data: 'half before, half after' })
  const head = `POST /v1/queues/${queueId}/messages HTTP/1.1\r\nhost: x\r\nx-api-key: ${TEST_ROOT_KEY}\r\ncontent-type: application/json`
  socket.write(`${head}\r\ncontent-length: ${body.length}\r\n\r\n${body.slice(0, 10)}`)
  let answer = ''
  socket.setEncoding('utf8').on('data', (text) => {
    answer += text
  })
  // So that the server has read the half before it hears of the stop.
  await createClient(() => tree.url).call('GET', '/queues')
  askToStop(tree)
  await waitFor('a server that stops', () => tree.output().includes('"stopping"'))
  socket.write(body.slice(10))
  await inTime('the end of the connection', once(socket, 'close'))
  assert.match(answer, /^HTTP\/1\.1 (200|503) /)
  assert.match(answer, /\r\nconnection: close\r\n/i)
  assert.deepEqual(await tree.ended, { code: 0, signal: null })
})
