import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type ClientHttp2Session, connect as connectHttp2, type IncomingHttpHeaders } from 'node:http2'
import { Agent, request as requestHttps } from 'node:https'
import { type AddressInfo, connect as connectTcp } from 'node:net'
import { describe, type TestContext, test } from 'node:test'
import { connect as connectTls } from 'node:tls'
import { OWNER_KEY, startApi } from '../../support/server/api.ts'
import { makeCertificate, NO_OPENSSL } from '../../support/server/certificate.ts'
import { inTime } from '../../support/wait-for.ts'

const certificate = makeCertificate()
const skip = certificate === null ? NO_OPENSSL : false
const ca = certificate?.cert

/** One request of either protocol. */
interface Ask {
  method: string
  path: string
  headers?: Record<string, string>
  body?: string
}

interface Answer {
  status: number
  headers: IncomingHttpHeaders
  text: string
}

async function serve(t: TestContext) {
  const api = await startApi({ tls: certificate! })
  await api.app.listen({ host: '127.0.0.1', port: 0 })
  t.after(() => api.app.close())
  const { port } = api.app.server.address() as AddressInfo
  return { api, port, origin: `https://127.0.0.1:${port}` }
}

async function overHttp1(origin: string, { method, path, headers, body }: Ask, agent?: Agent): Promise<Answer> {
  const sent = requestHttps(origin + path, { method, headers, ca, agent })
  sent.end(body)
  const [response] = await once(sent, 'response')
  const text = Buffer.concat(await Array.fromAsync(response as AsyncIterable<Buffer>)).toString()
  return { status: response.statusCode, headers: response.headers, text }
}

async function within(session: ClientHttp2Session, { method, path, headers, body }: Ask): Promise<Answer> {
  const target = method === 'CONNECT' ? { ':authority': 'example.com:443' } : { ':path': path }
  const stream = session.request({ ':method': method, ...target, ...headers }, { endStream: body === undefined })
  if (body !== undefined) stream.end(body)
  const [received] = (await once(stream, 'response')) as [IncomingHttpHeaders & { ':status': number }]
  const text = Buffer.concat(await Array.fromAsync(stream as AsyncIterable<Buffer>)).toString()
  return { status: received[':status'], headers: received, text }
}

async function overHttp2(origin: string, ask: Ask): Promise<Answer> {
  const session = connectHttp2(origin, { ca })
  const answer = await within(session, ask)
  session.close()
  return answer
}

const keyed = { 'x-api-key': OWNER_KEY }
const json = { ...keyed, 'content-type': 'application/json' }

for (const [protocol, ask] of [
  ['HTTP/1.1', overHttp1],
  ['HTTP/2', overHttp2],
] as const) {
  describe(`${protocol} over TLS`, { skip }, () => {
    test('reads and writes, with links that lead back the same way', async (t) => {
      const { origin } = await serve(t)
      const body = JSON.stringify({ name: 'orders' })
      const made = await ask(origin, { method: 'POST', path: '/v1/queues', headers: json, body })
      assert.equal(made.status, 200, made.text)
      const { _links } = JSON.parse(made.text)
      assert.ok(_links.self.href.startsWith(`${origin}/v1/queues/`), _links.self.href)
      const read = await ask(origin, { method: 'GET', path: new URL(_links.self.href).pathname, headers: keyed })
      assert.equal(JSON.parse(read.text).queue.name, 'orders')
    })

    test("keeps the caller's X-Request-Id, with answers and with errors", async (t) => {
      const { origin } = await serve(t)
      for (const path of ['/v1/queues', '/nowhere']) {
        const { headers } = await ask(origin, { method: 'GET', path, headers: { ...keyed, 'x-request-id': 'own' } })
        assert.equal(headers['x-request-id'], 'own')
      }
    })

    test('refuses as it does without TLS', async (t) => {
      const { origin } = await serve(t)
      const post = { method: 'POST', path: '/v1/queues', body: '{}' }
      const refused: [Ask, number][] = [
        [{ method: 'GET', path: '/v1/queues' }, 401],
        [{ ...post, headers: keyed }, 415],
        [{ ...post, headers: json, body: `"${'x'.repeat(1_100_000)}"` }, 413],
        [{ ...post, headers: json, body: '{' }, 400],
        [{ ...post, headers: json }, 422],
        [{ method: 'DELETE', path: '/v1/queues', headers: keyed }, 405],
        [{ method: 'PROPFIND', path: '/v1/queues', headers: keyed }, 501],
      ]
      for (const [request, status] of refused) {
        const answer = await ask(origin, request)
        assert.equal(answer.status, status, `${request.method}: ${answer.text}`)
        assert.equal(JSON.parse(answer.text).status, status)
        assert.ok(answer.headers['x-request-id'])
      }
    })
  })
}

test('CONNECT and methods that nobody knows are a 501 over HTTP/2', { skip }, async (t) => {
  const { origin } = await serve(t)
  for (const method of ['CONNECT', 'FROBNICATE']) {
    const { status, text, headers } = await overHttp2(origin, { method, path: '/v1/queues' })
    assert.equal(status, 501, text)
    assert.equal(JSON.parse(text).title, 'Not Implemented')
    assert.match(String(headers['x-request-id']), /^[0-9A-Za-z]{21}$/)
  }
})

test('bytes inside of TLS that are not HTTP are a 400 in the shape of every error', { skip }, async (t) => {
  const { port } = await serve(t)
  const socket = connectTls({ host: '127.0.0.1', port, ca, ALPNProtocols: ['http/1.1'] })
  socket.write('GET / HTTP/1.1\r\nHost: a\r\nbroken header\r\n\r\n')
  const text = Buffer.concat(await Array.fromAsync(socket as AsyncIterable<Buffer>)).toString()
  assert.match(text, /^HTTP\/1\.1 400 Bad Request\r\n/)
  assert.match(text, /x-request-id: [0-9A-Za-z]{21}/)
})

describe('a server that stops', { skip }, () => {
  test('does not wait for clients that keep idle connections', async (t) => {
    const { api, origin, port } = await serve(t)
    const agent = new Agent({ keepAlive: true })
    t.after(() => agent.destroy())
    await overHttp1(origin, { method: 'GET', path: '/health/live' }, agent)
    const session = connectHttp2(origin, { ca })
    await within(session, { method: 'GET', path: '/health/live' })
    const ended = once(session, 'close')
    await inTime('the end of the server and of the idle session', Promise.all([api.app.close(), ended]))
    assert.equal(await refuses(port), true)
  })

  test('lets a request over HTTP/2 that is under way have its answer', async (t) => {
    const { api, origin } = await serve(t)
    const session = connectHttp2(origin, { ca })
    await once(session, 'connect')
    const stream = session.request({ ':method': 'POST', ':path': '/v1/queues', ...json })
    stream.write('{"name":')
    // The second stream is answered only after the first has arrived.
    await within(session, { method: 'GET', path: '/health/live' })
    const closed = api.app.close()
    stream.end('"late"}')
    const [headers] = await inTime('the answer', once(stream, 'response'))
    assert.equal(headers[':status'], 200)
    stream.resume()
    await inTime('the end of the server', closed)
  })
})

function refuses(port: number): Promise<boolean> {
  const socket = connectTcp(port, '127.0.0.1')
  return once(
    socket.once('connect', () => socket.destroy()),
    'connect',
  ).then(
    () => false,
    () => true,
  )
}
