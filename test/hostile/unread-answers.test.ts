// Clients that send and send, and read nothing of what they are answered: what is under way for them, and what is owed to
// them, has a bound for each connection, and requests that are refused at once do not pile up on the stack.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { describe, type TestContext, test } from 'node:test'
import { type ApiOptions, OWNER_KEY, startApi } from '../support/server/api.ts'
import { makeCertificate } from '../support/server/certificate.ts'
import { Client, listen, post } from '../support/server/wire.ts'
import { connectRaw } from './raw-client.ts'

const MEBIBYTE = 1024 * 1024
const SENT_BYTES = 100 * MEBIBYTE
const POSTS = 5_000
const REFUSALS = 3_000
/** Posts that are begun beside each other. */
const MAX_UNDER_WAY = 16
/** Answers to what was read at once, twice, and what a stream keeps before it says that it is full. */
const MAX_OWED_BYTES = MEBIBYTE
/** Looks without anything new to see, a millisecond or more apart. */
const STALLED = 300

const certificate = makeCertificate()

async function given(t: TestContext, { isTls, ...options }: ApiOptions & { isTls: boolean }) {
  const api = await startApi({ ...options, ...(isTls && { tls: certificate! }) })
  const { queue } = (await api.call('POST', '/v1/queues', { name: 'q' })).body
  const taken: Socket[] = []
  const event = isTls ? 'secureConnection' : 'connection'
  api.app.server.on(event, (socket: Socket) => taken.push(socket))
  const port = await listen(api.app)
  const { socket } = await connectRaw({ port, ...(isTls && { ca: certificate!.cert, protocol: 'http/1.1' }) })
  t.after(async () => {
    socket.destroy()
    await api.app.close()
  })
  if (taken.length === 0) await once(api.app.server, event)
  return { api, socket, server: taken[0]!, queueId: String(queue.id) }
}

/** Looks again and again, until it has seen the same for a while. */
async function untilStalled(look: () => number): Promise<void> {
  for (let [before, same] = [-1, 0]; same < STALLED; ) {
    const now = look()
    same = now === before ? same + 1 : 0
    before = now
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
}

/** Writes the same over and over, until so much is sent or nothing goes on; answers with how much that was. */
async function flood(socket: Socket, request: string): Promise<number> {
  const block = Buffer.from(request.repeat(Math.ceil(MEBIBYTE / request.length)))
  let written = 0
  await untilStalled(() => {
    if (written < SENT_BYTES && socket.writableLength < block.length) {
      socket.write(block)
      written += block.length
    }
    return written - socket.writableLength
  })
  return written - socket.writableLength
}

for (const isTls of certificate === null ? [false] : [false, true]) {
  describe(`over ${isTls ? 'TLS' : 'TCP'}`, () => {
    test('posts that wait for the disk are taken a few at a time, and all are answered in the end', async (t) => {
      const gate = Promise.withResolvers<void>()
      let underWay = 0
      const { socket, queueId } = await given(t, {
        isTls,
        wrap: ({ acceptor }) => ({
          acceptor: {
            ...acceptor,
            async accept(...args) {
              underWay += 1
              await gate.promise
              return acceptor.accept(...args)
            },
          },
        }),
      })
      const client = new Client(socket)
      t.after(() => gate.resolve())
      client.send(post(queueId, { key: OWNER_KEY, body: { data: 'x'.repeat(800) } }).repeat(POSTS))
      await untilStalled(() => underWay)
      t.diagnostic(`${underWay} of ${POSTS} under way`)
      assert.equal(underWay, MAX_UNDER_WAY)
      gate.resolve()
      for (let n = 0; n < POSTS; n++) assert.match((await client.answer())!.statusLine, / 200 /, String(n))
    })

    test('a client that reads nothing is owed little, however much it sends', async (t) => {
      const { socket, server, api } = await given(t, { isTls })
      socket.pause()
      let most = 0
      const timer = setInterval(() => {
        most = Math.max(most, server.writableLength)
      }, 1)
      const sent = await flood(socket, post('0'.repeat(21), { key: OWNER_KEY, body: { data: 'x' } }))
      clearInterval(timer)
      t.diagnostic(`${sent} bytes sent, ${most} owed`)
      assert.ok(most <= MAX_OWED_BYTES, `${most} bytes owed`)
      assert.equal((await api.call('GET', '/v1/queues')).status, 200)
    })

    test('many refusals at once are no deeper a stack', async (t) => {
      const { socket, queueId } = await given(t, { isTls })
      const client = new Client(socket)
      client.send(post(queueId, { key: 'nobody', body: { data: 'x' } }).repeat(REFUSALS))
      for (let n = 0; n < REFUSALS; n++) assert.match((await client.answer())!.statusLine, / 40[13] /, String(n))
    })
  })
}
