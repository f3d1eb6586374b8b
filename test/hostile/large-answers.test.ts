// Listings of many megabytes that are asked for and not read: one of them is in memory for a connection, however many the
// client asks for, and an organization's large answers have a bound together.
import assert from 'node:assert/strict'
import { type ClientHttp2Session, connect as connectHttp2 } from 'node:http2'
import type { Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import type { Store } from '../../src/store/store.ts'
import { openMemoryStore } from '../support/memory-store.ts'
import { OTHER_OWNER_KEY, OWNER_KEY, startApi, type TestApi } from '../support/server/api.ts'
import { makeCertificate } from '../support/server/certificate.ts'
import { listen } from '../support/server/wire.ts'
import { connectRaw } from './raw-client.ts'

const MEBIBYTE = 1024 * 1024
const headers = { 'x-api-key': OWNER_KEY, 'content-type': 'application/json' }
/** Of a page of them, all is less than what is counted; organizations are for the root key, which is another's. */
const SMALL_LISTINGS = ['/runs', '/liveness', '/api_clients']
const certificate = makeCertificate()
/** A full page is 24 MiB, far more than all buffers between server and client take. */
const MESSAGE_CHARS = 250_000
const MESSAGES = 100
const ASKED_AHEAD = 20
/** Looks without anything new to see, a millisecond or more apart. */
const STALLED = 300

/** A queue with a full page of large messages, how often such a page was read from the store, and how many were pulled. */
async function given(
  t: TestContext,
  { opened = (store: Store) => store, domainVerification = 'off', tls }: Given = {},
) {
  const read = { pages: 0, leased: 0 }
  const api = await startApi({
    domainVerification,
    ...(tls && { tls }),
    async openStore() {
      const store = await openMemoryStore()
      const list: typeof store.messages.list = (ask) => {
        // A page of large messages is read some at a time.
        if (ask.before === null) read.pages += 1
        return store.messages.list(ask)
      }
      const pull: typeof store.pulls.pull = async (batch) => {
        const pulled = await store.pulls.pull(batch)
        for (const it of pulled) if (it.outcome === 'pulled') read.leased += it.deliveries.length
        return pulled
      }
      return opened({ ...store, messages: { ...store.messages, list }, pulls: { ...store.pulls, pull } })
    },
  })
  const { queue } = (await api.call('POST', '/v1/queues', { name: 'q' })).body
  const listener = await api.call('POST', `/v1/queues/${queue.id}/listeners`, { name: 'l' })
  const messages = Array.from({ length: MESSAGES / 2 }, () => ({ data: 'x'.repeat(MESSAGE_CHARS) }))
  for (let half = 0; half < 2; half++) {
    const posted = await api.call('POST', `/v1/queues/${queue.id}/messages/batch`, { messages })
    assert.equal(posted.status, 200)
  }
  const port = await listen(api.app)
  const sockets: { destroy(): void }[] = []
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
  /** A session of HTTP/2 of which nothing is read, where the client says how much is sent: buffers between the two take nothing. */
  function openSession(): ClientHttp2Session {
    const session = connectHttp2(`https://127.0.0.1:${port}`, { ca: certificate!.cert })
    sockets.push(session)
    return session
  }
  const page = `/v1/queues/${queue.id}/messages?_embed&per_page=${MESSAGES}`
  const ask = (path: string, key = OWNER_KEY) => `GET ${path} HTTP/1.1\r\nHost: a\r\nX-API-KEY: ${key}\r\n\r\n`
  const pulls = `/v1/queues/${queue.id}/listeners/${listener.body.listener.id}/pull`
  return { api, open, openSession, read, ask, page, pulls, queueId: queue.id, listenerId: listener.body.listener.id }
}

interface Given {
  opened?: (store: Store) => Store
  domainVerification?: 'off' | 'optional'
  tls?: { cert: string; key: string }
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
    assert.ok(received.bytes > whole - 16 * MEBIBYTE, `page ${n} was read after ${received.bytes} bytes`)
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
  await untilServed(() => api.call('GET', page))
})

test('clients that pull and read nothing are given no more than their organization may leave, and nothing else is leased', {
  skip: certificate === null && 'there is no openssl',
}, async (t) => {
  const { api, openSession, read, pulls, queueId } = await given(t, { tls: certificate! })
  const messages = Array.from({ length: 60 }, () => ({ data: 'x'.repeat(MESSAGE_CHARS) }))
  for (let n = 0; n < 3; n++) await api.call('POST', `/v1/queues/${queueId}/messages/batch`, { messages })
  const sessions = Array.from({ length: 40 }, openSession)
  for (const session of sessions) {
    session.request({ ':method': 'POST', ':path': pulls, ...headers }).end('{"max":100}')
  }
  await untilStalled(() => read.leased)
  const bytes = read.leased * MESSAGE_CHARS
  t.diagnostic(`${read.leased} of ${MESSAGES + 3 * messages.length} messages leased, ${bytes} bytes`)
  // Half of the room, and what one answer is over it.
  assert.ok(bytes > 40 * MEBIBYTE && bytes <= 52 * MEBIBYTE, `${bytes} bytes are leased`)
  const refused = await api.call('POST', pulls, { max: 1 })
  assert.equal(refused.status, 429)
  assert.match(refused.body.detail, /bytes for large answers of this server, its share now/)
  const theirs = await pullingOrganization(api)
  assert.equal((await api.call('POST', theirs, { max: 1 }, OTHER_OWNER_KEY)).body.messages.length, 1)

  for (const session of sessions) session.destroy()
  const { body } = await untilServed(() => api.call('POST', pulls, { max: 100 }))
  assert.equal(body.messages.length, 16, 'four mebibytes of them')
})

test('what may be large is refused before it is read while there is no room for it', async (t) => {
  let isWatched = false
  const asked: string[] = []
  /** A part of the store, of which can be seen which of its methods that list were asked. */
  const watched = (part: unknown): unknown => {
    if (typeof part !== 'object' || part === null) return part
    return new Proxy(part, {
      get(target, name, receiver) {
        const value = Reflect.get(target, name, receiver)
        if (isWatched && /^(list|search|attempts)/.test(String(name))) asked.push(String(name))
        return value
      },
    })
  }
  const { api, open, read, ask, page, queueId, listenerId } = await given(t, {
    domainVerification: 'optional',
    opened: (store) =>
      Object.assign(
        Object.fromEntries(Object.entries(store).map(([name, part]) => [name, watched(part)])),
        {},
      ) as never,
  })
  for (let n = 0; n < 2; n++) {
    const socket = await open()
    socket.write(ask(page))
    await untilStalled(() => read.pages)
  }
  isWatched = true
  const ids = { queueId, listenerId, messageId: '0'.repeat(21), scheduleId: '0'.repeat(21) }
  const listings = api.app.described.described().filter(({ method, url, route }) => {
    const query = route.schema?.querystring as { properties?: object } | undefined
    return method === 'GET' && url.startsWith('/v1/') && '_embed' in (query?.properties ?? {})
  })
  assert.ok(listings.length >= 8, `${listings.length} listings`)
  for (const { url } of listings) {
    const path = url.replace(/:(\w+)/g, (_, name: keyof typeof ids) => ids[name])
    const { status, body } = await api.call('GET', `${path}?_embed&per_page=100`)
    if (SMALL_LISTINGS.some((end) => url.endsWith(end))) continue
    assert.equal(status, 429, `${url}: ${JSON.stringify(body)}`)
  }
  assert.deepEqual(asked, [])
})

/** Another organization's listener that pulls, with a message that waits. */
async function pullingOrganization(api: TestApi): Promise<string> {
  const { queue } = (await api.call('POST', '/v1/queues', { name: 'q' }, OTHER_OWNER_KEY)).body
  const path = `/v1/queues/${queue.id}`
  const { listener } = (await api.call('POST', `${path}/listeners`, { name: 'l' }, OTHER_OWNER_KEY)).body
  await api.call('POST', `${path}/messages`, { data: 'x' }, OTHER_OWNER_KEY)
  return `${path}/listeners/${listener.id}/pull`
}

/** Reads from now on, and counts. */
function receiveAll(socket: Socket): { bytes: number } {
  const received = { bytes: 0 }
  socket.on('data', (bytes) => {
    received.bytes += bytes.length
  })
  socket.resume()
  return received
}

/** The first answer that is no refusal. */
async function untilServed(ask: () => ReturnType<TestApi['call']>): ReturnType<TestApi['call']> {
  for (;;) {
    const answer = await ask()
    if (answer.status === 200) return answer
    assert.equal(answer.status, 429)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
