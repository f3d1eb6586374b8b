// What a connection is answered, and in which order, where a client sends more than requests: an error never takes the
// place of an answer that is due, and a client that has said all that it will is heard to the end.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect as connectHttp2 } from 'node:http2'
import { connect as connectTcp } from 'node:net'
import { describe, type TestContext, test } from 'node:test'
import { connect as connectTls } from 'node:tls'
import { type ApiOptions, OWNER_KEY, startApi } from '../support/server/api.ts'
import { makeCertificate } from '../support/server/certificate.ts'
import { Client, listen, post } from '../support/server/wire.ts'

const certificate = makeCertificate()
const GARBAGE = '\x00\x01 this is no request\r\n\r\n'

async function given(t: TestContext, { isTls, ...options }: ApiOptions & { isTls: boolean }) {
  const api = await startApi({ ...options, ...(isTls && { tls: certificate! }) })
  const { queue } = (await api.call('POST', '/v1/queues', { name: 'q' })).body
  const port = await listen(api.app)
  const clients: Client[] = []
  t.after(async () => {
    for (const { socket } of clients) socket.destroy()
    await api.app.close()
  })
  async function open(): Promise<Client> {
    const place = { port, host: '127.0.0.1', allowHalfOpen: true }
    const ca = certificate?.cert
    const socket = isTls ? connectTls({ ...place, ca, ALPNProtocols: ['http/1.1'] }) : connectTcp(place)
    const client = new Client(socket)
    clients.push(client)
    await once(socket, isTls ? 'secureConnect' : 'connect')
    return client
  }
  const one = (data: string, fields: string[] = []) => post(queue.id, { key: OWNER_KEY, body: { data }, fields })
  const stored = async () => {
    const { body } = await api.call('GET', `/v1/queues/${queue.id}/messages?_embed&per_page=100`)
    return (body._embedded.messages as { data: string }[]).map(({ data }) => data).sort()
  }
  return { api, open, one, stored, queueId: String(queue.id) }
}

/** The statuses of all answers, until the server hangs up. */
async function statusesOf(client: Client): Promise<number[]> {
  const statuses: number[] = []
  for (;;) {
    const answer = await client.answer()
    if (answer === null) return statuses
    statuses.push(Number(answer.statusLine.split(' ')[1]))
  }
}

const get = (path: string, fields: string[] = []) =>
  [`GET ${path} HTTP/1.1`, 'Host: a', `X-API-KEY: ${OWNER_KEY}`, ...fields, '', ''].join('\r\n')

for (const isTls of certificate === null ? [false] : [false, true]) {
  describe(`over ${isTls ? 'TLS' : 'TCP'}`, () => {
    test('a post with garbage behind it is answered, then the garbage is refused, then the connection ends', async (t) => {
      const { open, one, stored } = await given(t, { isTls })
      const client = await open()
      client.send(one('kept') + GARBAGE)
      assert.deepEqual(await statusesOf(client), [200, 400])
      assert.deepEqual(await stored(), ['kept'])
    })

    test('so are many posts and other requests, each once and in their order', async (t) => {
      const { open, one, stored } = await given(t, { isTls })
      const client = await open()
      const posts = Array.from({ length: 20 }, (_, at) => one(`${at + 10}`))
      client.send([...posts, get('/v1/nothing'), get('/v1/queues'), GARBAGE].join(''))
      assert.deepEqual(await statusesOf(client), [...posts.map(() => 200), 404, 200, 400])
      assert.equal((await stored()).length, 20)
    })

    test('garbage that goes on for long is refused all the same', async (t) => {
      const { open, one } = await given(t, { isTls })
      const client = await open()
      client.send(one('kept') + GARBAGE.repeat(50_000))
      assert.deepEqual(await statusesOf(client), [200, 400])
    })

    test('a body that breaks is refused in place of its own answer, behind those that are due', async (t) => {
      const { open, one, stored } = await given(t, { isTls })
      const client = await open()
      const chunked = one('broken', ['Transfer-Encoding: chunked']).replace(/Content-Length.*\r\n/, '')
      const [head] = chunked.split('\r\n\r\n')
      client.send(`${one('kept')}${head}\r\n\r\nxyz\r\n`)
      assert.deepEqual(await statusesOf(client), [200, 400])
      assert.deepEqual(await stored(), ['kept'])
    })

    test('a CONNECT behind a post is refused after it', async (t) => {
      const { open, one } = await given(t, { isTls })
      const client = await open()
      client.send(`${one('kept')}CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n`)
      assert.deepEqual(await statusesOf(client), [200, 501])
    })

    test('a client that ends its half of the connection gets all its answers', async (t) => {
      const { open, one, stored } = await given(t, { isTls })
      const client = await open()
      client.socket.end(one('1') + get('/v1/queues') + one('2'))
      assert.deepEqual(await statusesOf(client), [200, 200, 200])
      assert.deepEqual(await stored(), ['1', '2'])
    })

    test('one that ends it within a request is told, behind the answers that are due', async (t) => {
      const { open, one, stored } = await given(t, { isTls })
      const client = await open()
      client.socket.end(one('whole') + one('never whole').slice(0, -4))
      assert.deepEqual(await statusesOf(client), [200, 400])
      assert.deepEqual(await stored(), ['whole'])
    })

    test('one that ends it without having asked for anything is let go', async (t) => {
      const { open } = await given(t, { isTls })
      const client = await open()
      client.socket.end()
      assert.deepEqual(await statusesOf(client), [])
    })

    test('two lines that name the host are refused, with the same host or another, on every route', async (t) => {
      const { open, one, stored } = await given(t, { isTls })
      for (const request of [
        one('x', ['Host: other']),
        one('x', ['hOsT: localhost:3000']),
        get('/v1/queues', ['Host: a']),
        get('/health/ready', ['Host: b']),
        get('/v1/queues', ['Host: a']).replace('HTTP/1.1', 'HTTP/1.0'),
      ]) {
        const client = await open()
        client.send(request)
        const { statusLine, body } = (await client.answer())!
        assert.match(statusLine, / 400 Bad Request$/, request)
        assert.deepEqual(JSON.parse(body).errors, [{ path: 'Host', message: 'must be sent once' }])
      }
      assert.deepEqual(await stored(), [])
    })
  })
}

test('a post that waits for the disk is answered before the garbage behind it is refused', async (t) => {
  const gate = Promise.withResolvers<void>()
  const asked = Promise.withResolvers<void>()
  const { open, one } = await given(t, {
    isTls: false,
    wrap: ({ acceptor }) => ({
      acceptor: {
        ...acceptor,
        async accept(...args) {
          asked.resolve()
          await gate.promise
          return acceptor.accept(...args)
        },
      },
    }),
  })
  const client = await open()
  client.send(one('slow'))
  await asked.promise
  client.send(GARBAGE)
  client.send(GARBAGE)
  await new Promise((resolve) => setTimeout(resolve, 50))
  gate.resolve()
  assert.deepEqual(await statusesOf(client), [200, 400])
})

test('a poll that waits for messages ends with its client, and takes none with it', async (t) => {
  const { api, open, queueId } = await given(t, { isTls: false })
  const listener = { name: 'l', notify_url: null }
  const made = await api.call('POST', `/v1/queues/${queueId}/listeners`, listener)
  assert.equal(made.status, 200, JSON.stringify(made.body))
  const body = JSON.stringify({ wait: 20_000 })
  const head = `POST /v1/queues/${queueId}/listeners/${made.body.listener.id}/pull HTTP/1.1\r\nHost: a\r\nX-API-KEY: ${OWNER_KEY}`
  const client = await open()
  client.socket.end(`${head}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
  const answer = await client.answer()
  assert.match(answer!.statusLine, / 200 /)
  assert.deepEqual(JSON.parse(answer!.body).messages, [])
})

test('every answer forbids caches to keep it, and browsers to guess what it is', async (t) => {
  const { open, one } = await given(t, { isTls: false })
  for (const request of [
    one('x'),
    one('x').replace('"data"', '"dada"'),
    get('/v1/queues'),
    get('/v1/nothing'),
    get('/v1/queues?page=x'),
    get('/v1/%ff'),
    get('/health/ready'),
    get('/v1/queues').replace('GET', 'PATCH'),
    'CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n',
    GARBAGE,
  ]) {
    const client = await open()
    client.send(request)
    const { headers } = (await client.answer())!
    assert.equal(headers['cache-control'], 'no-store', request)
    assert.equal(headers['x-content-type-options'], 'nosniff', request)
  }
})

test('so does every answer of HTTP/2', { skip: certificate === null }, async (t) => {
  const api = await startApi({ tls: certificate! })
  t.after(() => api.app.close())
  const session = connectHttp2(`https://127.0.0.1:${await listen(api.app)}`, { ca: certificate!.cert })
  t.after(() => session.destroy())
  for (const [path, status] of [
    ['/v1/queues', 200],
    ['/v1/nothing', 404],
  ] as const) {
    const stream = session.request({ ':path': path, 'x-api-key': OWNER_KEY })
    const [headers] = await once(stream, 'response')
    stream.resume()
    assert.equal(headers[':status'], status)
    assert.deepEqual([headers['cache-control'], headers['x-content-type-options']], ['no-store', 'nosniff'])
  }
})
