import assert from 'node:assert/strict'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  type ApiError,
  bytesOf,
  ConnectionError,
  Discue,
  fetchReceiver,
  MemoryDeduplication,
  NotFoundError,
  nodeReceiver,
  PullWorker,
  textOf,
  UnavailableError,
  ValidationError,
} from '../../clients/typescript/src/index.ts'
import { type EmbeddedServer, startServer } from '../../src/embedded.ts'
import { waitFor } from '../support/wait-for.ts'

let server: EmbeddedServer
let discue: Discue
before(async () => {
  server = await startServer({ logLevel: 'silent', targets: 'any' })
  discue = new Discue({ url: server.url, apiKey: server.rootKey })
})
after(() => server.stop())

async function listening(handler: Parameters<typeof createServer>[1]): Promise<{ url: string; server: Server }> {
  const receiver = createServer(handler)
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve))
  after(() => receiver.close())
  return { url: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`, server: receiver }
}

describe('the client', () => {
  test('makes, finds, changes and deletes what there is', async () => {
    const queue = await discue.queues.ensure('orders')
    assert.equal((await discue.queues.ensure('orders')).id, queue.id)
    const { id } = await discue.listeners.create(queue.id, { name: 'shop', notify_url: 'http://127.0.0.1:9/' })
    assert.equal((await discue.listeners.update(queue.id, id, { timeout: 1_000 })).timeout, 1_000)
    const schedule = await discue.schedules.create(queue.id, { name: 'daily', cron: '0 6 * * *', data: 'x' })
    assert.equal((await discue.schedules.get(queue.id, schedule.id)).next_runs.length, 5)
    const sent = await discue.messages.send(queue.id, { data: { order: 1 }, name: 'order' })
    assert.equal((await discue.messages.get(sent.id)).data, '{"order":1}')
    await discue.queues.delete(queue.id)
    await assert.rejects(discue.queues.get(queue.id), NotFoundError)
  })

  test('reads listings of several pages to their end, and no further than it is asked to', async () => {
    const queue = await discue.queues.create({ name: 'many' })
    const all = Array.from({ length: 250 }, (_, number) => ({ data: { number } }))
    const sent = await discue.messages.sendAll(queue.id, all)
    const listed = await Array.fromAsync(discue.messages.list(queue.id))
    // Of one millisecond they come in any order.
    const ids = (entries: { id: string }[]) => entries.map(({ id }) => id).sort()
    assert.deepEqual(ids(listed), ids(sent))
    let requests = 0
    const counting = new Discue({
      ...{ url: server.url, apiKey: server.rootKey },
      fetch: (...given) => {
        requests += 1
        return fetch(...given)
      },
    })
    let read = 0
    for await (const _ of counting.messages.list(queue.id)) if (++read === 40) break
    assert.deepEqual([read, requests], [40, 1])
  })

  test('throws errors that say what is wrong with which property', async () => {
    const error = await discue.queues.create({ name: 'no spaces, please' }).catch((cause: unknown) => cause)
    assert.ok(error instanceof ValidationError)
    assert.deepEqual([error.status, error.errors[0]!.path], [422, '/name'])
    assert.match(error.message, /^422 .*: \/name /)
    assert.ok(error.requestId)
  })

  test('a request that broke, or was refused for the moment, is sent again with the same key, and counts once', async () => {
    const keys: (string | null)[] = []
    const flaky = new Discue({
      ...{ url: server.url, apiKey: server.rootKey },
      fetch: async (url, init) => {
        keys.push(new Headers(init?.headers).get('idempotency-key'))
        if (keys.length === 1) return new Response('busy', { status: 503, headers: { 'retry-after': '0' } })
        const answer = await fetch(url, init)
        // It was stored; the answer is lost on its way.
        if (keys.length === 2) throw new TypeError('the connection broke')
        return answer
      },
    })
    const queue = await discue.queues.create({ name: 'once' })
    const sent = await flaky.messages.send(queue.id, { data: 'x' })
    assert.deepEqual([keys.length, new Set(keys).size], [3, 1])
    const stored = await Array.fromAsync(discue.messages.list(queue.id))
    assert.deepEqual(
      stored.map(({ id }) => id),
      [sent.id],
    )
  })

  test('an answer that breaks off is none, and what it was for is asked for again', async () => {
    let tries = 0
    const breaking = new Discue({
      ...{ url: server.url, apiKey: server.rootKey },
      fetch: async (url, init) => {
        const answer = await fetch(url, init)
        if (++tries > 1) return answer
        const cut = new ReadableStream({ start: (stream) => stream.error(new TypeError('terminated')) })
        return new Response(cut, { status: 200 })
      },
    })
    const queue = await breaking.queues.create({ name: 'broken-off' })
    assert.deepEqual([tries, (await discue.queues.get(queue.id)).name], [2, 'broken-off'])
  })

  test('a secret is rotated once, and what was deleted while the answer was lost is deleted', async () => {
    const methods: string[] = []
    const losing = new Discue({
      ...{ url: server.url, apiKey: server.rootKey },
      fetch: async (url, init) => {
        methods.push(init!.method!)
        const answer = await fetch(url, init)
        if (methods.length === 1) throw new TypeError('the connection broke')
        return answer
      },
    })
    const queue = await discue.queues.create({ name: 'lost-answers' })
    const { id } = await discue.listeners.create(queue.id, { name: 'shop', notify_url: 'http://127.0.0.1:9/' })
    await assert.rejects(losing.listeners.update(queue.id, id, { secret: 'rotate' }), ConnectionError)
    assert.deepEqual(methods, ['PATCH'])
    methods.length = 0
    await losing.listeners.delete(queue.id, id)
    assert.deepEqual(methods, ['DELETE', 'DELETE'])
    await assert.rejects(discue.listeners.delete(queue.id, id), NotFoundError)
  })

  test('an id that would name something else reaches no server', async () => {
    for (const id of ['', '.', '..']) await assert.rejects(discue.queues.delete(id), /is no id/)
  })

  test('reads on where the server names itself by another address than its clients do', async () => {
    const publicUrl = 'https://queue.example.com/v1/behind/'
    await using published = await startServer({ logLevel: 'silent', publicUrl })
    const client = new Discue({ url: published.url, apiKey: published.rootKey })
    const queue = await client.queues.create({ name: 'many' })
    await client.messages.sendAll(
      queue.id,
      Array.from({ length: 101 }, () => ({ data: 'x' })),
    )
    assert.equal((await Array.fromAsync(client.messages.list(queue.id))).length, 101)
  })

  test('one queue of a name is made, however many ask for it at once', async () => {
    const made = await Promise.all(Array.from({ length: 4 }, () => discue.queues.ensure('asked-for')))
    assert.equal(new Set(made.map(({ id }) => id)).size, 1)
  })

  test('gives up after its tries, with the last failure', async () => {
    let tries = 0
    const answering = (status: number) => async () => {
      tries += 1
      return new Response('{"status":503,"title":"Service Unavailable"}', { status, headers: { 'retry-after': '0' } })
    }
    const options = { url: server.url, apiKey: 'k', retries: 2 }
    await assert.rejects(
      new Discue({ ...options, fetch: answering(503) }).queues.create({ name: 'x' }),
      UnavailableError,
    )
    assert.equal(tries, 3)
    tries = 0
    const refused = new Discue({ ...options, fetch: answering(400) }).queues.create({ name: 'x' })
    await assert.rejects(refused, (error: ApiError) => error.status === 503 || error.status === 400)
    assert.equal(tries, 1)
    const nowhere = new Discue({ url: 'http://127.0.0.1:1', apiKey: 'k', retries: 0 })
    await assert.rejects(nowhere.queues.create({ name: 'x' }), ConnectionError)
  })

  test('a call that is aborted ends at once, with what it was aborted for', async () => {
    const queue = await discue.queues.create({ name: 'aborted' })
    const { id } = await discue.listeners.create(queue.id, { name: 'puller' })
    const abort = new AbortController()
    const pulling = discue.leases.pull(queue.id, id, { waitMs: 30_000, signal: abort.signal })
    abort.abort(new Error('enough'))
    await assert.rejects(pulling, /^Error: enough$/)
  })
})

describe('a receiver', () => {
  test('gets what was sent, verified, once for each message', async () => {
    const handled: unknown[] = []
    const queue = await discue.queues.create({ name: 'received' })
    let secret = ''
    let failures = 1
    const deduplication = new MemoryDeduplication()
    const { url } = await listening((request, response) =>
      nodeReceiver({
        ...{ secret, deduplication },
        handle(delivery) {
          if (failures-- > 0) throw new Error('not today')
          handled.push(delivery.json())
        },
      })(request, response),
    )
    const retry = { initial_delay: 10, max_delay: 10, max_attempts: 5 }
    const listener = await discue.listeners.create(queue.id, { name: 'shop', notify_url: url, retry })
    secret = listener.secret!
    const { id } = await discue.messages.send(queue.id, { data: { order: 'ünïcödé ✓' } })
    await waitFor('a message that is delivered', async () => (await discue.messages.get(id)).status === 'delivered')
    assert.deepEqual(handled, [{ order: 'ünïcödé ✓' }])
    assert.equal(deduplication.begin(id), 'done')
  })

  test('sends bytes, and verifies and hands over the bytes that came, with their type', async () => {
    const queue = await discue.queues.create({ name: 'bytes' })
    const bytes = Uint8Array.from({ length: 100_000 }, (_, index) => (index * 7) % 256)
    let secret = ''
    const handled: { bytes: Uint8Array; contentType: string }[] = []
    const { url } = await listening((request, response) =>
      nodeReceiver({ secret, handle: (delivery) => void handled.push(delivery) })(request, response),
    )
    const listener = await discue.listeners.create(queue.id, { name: 'shop', notify_url: url })
    secret = listener.secret!
    const { id } = await discue.messages.send(queue.id, { data: bytes, content_type: 'image/png' })
    await waitFor('a message that is delivered', async () => (await discue.messages.get(id)).status === 'delivered')
    assert.deepEqual(
      handled.map(({ contentType }) => contentType),
      ['image/png'],
    )
    assert.deepEqual(Buffer.from(handled[0]!.bytes), Buffer.from(bytes))
    const read = await discue.messages.get(id)
    assert.deepEqual(bytesOf(read), bytes)
    assert.throws(() => textOf(read), TypeError)
    assert.equal(textOf({ data_base64: btoa('a text') }), 'a text')
    const part = bytes.subarray(3, 9)
    const same = [part.slice().buffer, new DataView(bytes.buffer, 3, 6), new Uint16Array(part.slice().buffer)]
    for (const data of same) {
      assert.deepEqual(bytesOf(await discue.messages.get((await discue.messages.send(queue.id, { data })).id)), part)
    }
    for (const data of [new Blob(['a']), new Blob(['a']).stream()]) {
      await assert.rejects(discue.messages.send(queue.id, { data }), TypeError)
    }
  })

  test('calls any operation of the API by its path', async () => {
    const { queue } = await discue.request<{ queue: { id: string } }>('POST', '/queues', { body: { name: 'by-path' } })
    const query = { _embed: true, per_page: 1 }
    const page = await discue.request<{ _embedded: { listeners: unknown[] } }>('GET', `/queues/${queue.id}/listeners`, {
      query,
    })
    assert.deepEqual(page._embedded.listeners, [])
    await assert.rejects(discue.request('GET', '/queues/none'), NotFoundError)
  })

  test('verifies by the public key of a listener that signs with a private one, and by no other', async () => {
    const queue = await discue.queues.create({ name: 'public' })
    let key = ''
    const reasons: unknown[] = []
    let handled = 0
    const { url } = await listening((request, response) =>
      nodeReceiver({ secret: key, handle: () => void handled++, onError: (error) => reasons.push(error) })(
        request,
        response,
      ),
    )
    const retry = { initial_delay: 10, max_delay: 10, max_attempts: 5 }
    const made = { name: 'shop', notify_url: url, retry, signature: 'v1a' as const }
    const listener = await discue.listeners.create(queue.id, made)
    const other = await discue.listeners.create(queue.id, { ...made, name: 'other', status: 'disabled' })
    key = other.public_key!
    const { id } = await discue.messages.send(queue.id, { data: 'x' })
    await waitFor('an attempt that is refused', () => reasons.length > 0)
    key = listener.public_key!
    await waitFor('a message that is handled', () => handled === 1)
    assert.match(String(reasons[0]), /no signature fits/)
    assert.equal(typeof id, 'string')
  })

  test('answers 400 to what is signed with another secret, old, or not signed at all, and does not handle it', async () => {
    const handle = () => assert.fail('it was handled')
    const secret = `whsec_${btoa('another-secret-of-24-byte')}`
    const headers = { 'webhook-id': 'a', 'webhook-signature': `v1,${btoa('x'.repeat(32))}` }
    const receive = fetchReceiver({ secret, handle })
    const ask = (fields: Record<string, string>) =>
      receive(new Request('http://localhost/', { method: 'POST', body: '{}', headers: fields }))
    const now = String(Math.floor(Date.now() / 1_000))
    assert.equal((await ask({ ...headers, 'webhook-timestamp': now })).status, 400)
    assert.equal((await ask({ ...headers, 'webhook-timestamp': '1600000000' })).status, 400)
    assert.equal((await ask({})).status, 400)
  })

  test('answers also where its store of what was handled fails, and where its report of that does', async () => {
    const failing = () => {
      throw new Error('the disk is full')
    }
    const secret = `whsec_${btoa('a-secret-of-24-bytes-long')}`
    const deduplication = { begin: () => 'new' as const, finish: failing, abandon: failing }
    const receive = fetchReceiver({ secret, deduplication, handle: () => undefined, onError: failing })
    const id = 'a'
    const timestamp = String(Math.floor(Date.now() / 1_000))
    const raw = Uint8Array.from(atob(secret.slice('whsec_'.length)), (letter) => letter.charCodeAt(0))
    const key = await crypto.subtle.importKey('raw', raw, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])
    const signed = await crypto.subtle.sign('HMAC', key, new TextEncoder().encode(`${id}.${timestamp}.{}`))
    const signature = `v1,${btoa(String.fromCharCode(...new Uint8Array(signed)))}`
    const headers = { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signature }
    const request = new Request('http://localhost/', { method: 'POST', body: '{}', headers })
    assert.equal((await receive(request)).status, 500)
  })

  test('answers 413 to more than a delivery can have', async () => {
    const receive = fetchReceiver({ secret: 'whsec_eA==', handle: () => assert.fail('it was handled') })
    const body = new Uint8Array(2 * 1024 * 1024)
    assert.equal((await receive(new Request('http://localhost/', { method: 'POST', body }))).status, 413)
  })

  test('outlives a sender that hangs up in the middle of a body', async () => {
    const errors: unknown[] = []
    const handle = () => assert.fail('it was handled')
    const receive = nodeReceiver({ secret: 'whsec_eA==', handle, onError: (error) => errors.push(error) })
    const ended: unknown[] = []
    const { url } = await listening((request, response) => void receive(request, response).then(() => ended.push(1)))
    const socket = connect(Number(new URL(url).port), '127.0.0.1')
    socket.write('POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{', () =>
      setTimeout(() => socket.destroy(), 50),
    )
    await waitFor('the end of a request that broke off', () => ended.length)
    assert.equal(errors.length, 1)
  })

  test('says that a body which was parsed before cannot be verified', async () => {
    const receive = nodeReceiver({ secret: 'whsec_eA==', handle: () => undefined })
    const request = { headers: {}, body: { parsed: true }, async *[Symbol.asyncIterator]() {} }
    await assert.rejects(receive(request, { writeHead: () => null, end: () => null }), /express\.json/)
  })
})

describe('a worker', () => {
  async function pulledFrom(name: string) {
    const queue = await discue.queues.create({ name })
    const retry = { initial_delay: 10, max_delay: 10 }
    const listener = await discue.listeners.create(queue.id, { name: 'worker', retry })
    return { queueId: queue.id, listenerId: listener.id }
  }

  test('handles what waits, side by side, and gives back what fails', async () => {
    const at = await pulledFrom('worked')
    const seen = new Map<string, number>()
    const errors: unknown[] = []
    const worker = new PullWorker(discue, {
      ...{ ...at, concurrency: 5, onError: (error) => errors.push(error), retryDelayMs: () => 0 },
      async handle(message) {
        const data = textOf(message)
        seen.set(data, (seen.get(data) ?? 0) + 1)
        await sleep(1)
        if (data === '7' && seen.get(data) === 1) throw new Error('again, please')
      },
    })
    const running = worker.run()
    await discue.messages.sendAll(
      at.queueId,
      Array.from({ length: 40 }, (_, number) => ({ data: number })),
    )
    const acknowledged = async () => (await discue.listeners.get(at.queueId, at.listenerId)).messages.acknowledged_count
    await waitFor('messages that are acknowledged', acknowledged, 40)
    await worker.stop()
    await running
    assert.equal(seen.get('7'), 2)
    assert.equal(
      [...seen.values()].reduce((sum, times) => sum + times),
      41,
    )
    assert.deepEqual(errors.map(String), ['Error: again, please'])
  })

  test('keeps a message for as long as it takes, past the time of its lease', async () => {
    const at = await pulledFrom('kept')
    let times = 0
    const worker = new PullWorker(discue, {
      ...{ ...at, leaseMs: 1_000 },
      async handle(_, { signal }) {
        times += 1
        await sleep(2_500, undefined, { signal })
      },
    })
    const running = worker.run()
    const { id } = await discue.messages.send(at.queueId, { data: 'slow' })
    await waitFor(
      'the message that is acknowledged',
      async () => (await discue.messages.get(id)).status === 'delivered',
    )
    await worker.stop()
    await running
    assert.equal(times, 1)
  })

  test('stops in time: what is not finished by then is told so, and is given back', async () => {
    const at = await pulledFrom('stopped')
    const began = Promise.withResolvers<void>()
    const worker = new PullWorker(discue, {
      ...at,
      handle() {
        began.resolve()
        return new Promise(() => undefined)
      },
    })
    const running = worker.run()
    await discue.messages.send(at.queueId, { data: 'endless' })
    await began.promise
    await worker.stop({ graceMs: 10 })
    await running
    const again = await discue.leases.pull(at.queueId, at.listenerId, { waitMs: 5_000 })
    assert.deepEqual(
      again.map(({ data, attempt }) => [data, attempt]),
      [['endless', 2]],
    )
  })
})
