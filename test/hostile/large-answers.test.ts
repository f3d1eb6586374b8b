// Listings of many megabytes that are asked for and not read: one of them is in memory for a connection, however many the
// client asks for, and an organization's large answers have a bound together.
import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { openSqliteStore } from '../../src/store-sqlite/database.ts'
import { OTHER_OWNER_KEY, OWNER_KEY, startApi } from '../support/server/api.ts'
import { listen } from '../support/server/wire.ts'
import { connectRaw } from './raw-client.ts'

/** A full page is 24 MiB, far more than all buffers between server and client take. */
const MESSAGE_CHARS = 250_000
const MESSAGES = 100
const ASKED_AHEAD = 20
/** Looks without anything new to see, a millisecond or more apart. */
const STALLED = 300

/** A queue with a full page of large messages, and how often such a page was read from the store. */
async function given(t: TestContext) {
  const read = { pages: 0 }
  const api = await startApi({
    async openStore() {
      const store = await openSqliteStore(':memory:')
      const list: typeof store.messages.list = (ask) => {
        read.pages += 1
        return store.messages.list(ask)
      }
      return { ...store, messages: { ...store.messages, list } }
    },
  })
  const { queue } = (await api.call('POST', '/v1/queues', { name: 'q' })).body
  const messages = Array.from({ length: MESSAGES / 2 }, () => ({ data: 'x'.repeat(MESSAGE_CHARS) }))
  for (let half = 0; half < 2; half++) {
    const posted = await api.call('POST', `/v1/queues/${queue.id}/messages/batch`, { messages })
    assert.equal(posted.status, 200)
  }
  const port = await listen(api.app)
  const sockets: Socket[] = []
  t.after(async () => {
    for (const socket of sockets) socket.destroy()
    await api.app.close()
  })
  /** A connection of which nothing is read. */
  async function open(): Promise<Socket> {
    const { socket } = await connectRaw({ port })
    sockets.push(socket)
    return socket.pause()
  }
  const page = `/v1/queues/${queue.id}/messages?_embed&per_page=${MESSAGES}`
  const ask = (path: string, key = OWNER_KEY) => `GET ${path} HTTP/1.1\r\nHost: a\r\nX-API-KEY: ${key}\r\n\r\n`
  return { api, open, read, ask, page }
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

test('of the large answers that a client asks for ahead, the next is begun once it has read the one before', async (t) => {
  const { open, read, ask, page } = await given(t)
  const socket = await open()
  socket.write(ask(page).repeat(ASKED_AHEAD))
  await untilStalled(() => read.pages)
  assert.equal(read.pages, 1)
  const received = receiveAll(socket)
  for (let n = 2; n <= 4; n++) {
    while (read.pages < n) await new Promise((resolve) => setTimeout(resolve, 1))
    const whole = (n - 1) * MESSAGES * MESSAGE_CHARS
    // What is on its way between the two is in their buffers.
    assert.ok(received.bytes > whole - 16 * 1024 * 1024, `page ${n} was read after ${received.bytes} bytes`)
  }
})

test('an organization whose clients leave large answers unread is refused more of them, and no other one is', async (t) => {
  const { api, open, read, ask, page } = await given(t)
  const unread: Socket[] = []
  for (let n = 0; n < 2; n++) {
    const socket = await open()
    socket.write(ask(page))
    unread.push(socket)
    await untilStalled(() => read.pages)
  }
  const refused = await api.call('GET', page)
  assert.equal(refused.status, 429)
  assert.match(refused.body.detail, /bytes for large answers of this server, its share now/)
  assert.equal((await api.call('GET', '/v1/queues')).status, 200, 'small answers are not counted')
  const other = await api.call('POST', '/v1/queues', { name: 'q' }, OTHER_OWNER_KEY)
  const theirs = `/v1/queues/${other.body.queue.id}/messages`
  const messages = Array.from({ length: 10 }, () => ({ data: 'x'.repeat(MESSAGE_CHARS) }))
  await api.call('POST', `${theirs}/batch`, { messages }, OTHER_OWNER_KEY)
  assert.equal((await api.call('GET', `${theirs}?_embed`, undefined, OTHER_OWNER_KEY)).status, 200)

  unread[0]!.destroy()
  await untilFree(api, page)
})

/** Reads from now on, and counts. */
function receiveAll(socket: Socket): { bytes: number } {
  const received = { bytes: 0 }
  socket.on('data', (bytes) => {
    received.bytes += bytes.length
  })
  socket.resume()
  return received
}

/** Resolves once the page can be had again. */
async function untilFree(api: Awaited<ReturnType<typeof startApi>>, page: string): Promise<void> {
  for (;;) {
    const { status } = await api.call('GET', page)
    if (status === 200) return
    assert.equal(status, 429)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
