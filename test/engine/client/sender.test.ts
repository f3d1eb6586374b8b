import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openHttp, openSender, openTcp, sent, to } from './wire.ts'

test('a 2xx is an outcome with its status, its answer and its times', async (t) => {
  const origin = await openHttp(t, (_, response) => response.writeHead(201).end('made ✓'))
  const before = Date.now()
  const { startedAt, durationMs, ...rest } = await sent(openSender(t), to(origin))
  assert.deepEqual(rest, { status: 201, error: null, response: 'made ✓', directive: null })
  assert.ok(startedAt >= before && startedAt + durationMs <= Date.now())
})

test('an answer without a body is an outcome too', async (t) => {
  const origin = await openHttp(t, (_, response) => response.writeHead(204).end())
  const { status, error, response } = await sent(openSender(t), to(origin))
  assert.deepEqual({ status, error, response }, { status: 204, error: null, response: '' })
})

test('a failure of the listener is an outcome with its status, not an error', async (t) => {
  const origin = await openHttp(t, (_, response) => response.writeHead(503, { 'retry-after': '9' }).end('busy'))
  const { status, error, response } = await sent(openSender(t), to(origin))
  assert.deepEqual({ status, error, response }, { status: 503, error: null, response: 'busy' })
})

test('of an answer its first KiB is kept, in however many pieces it came', async (t) => {
  const origin = await openHttp(t, (_, response) => {
    response.write('a'.repeat(1_000))
    setImmediate(() => response.end('b'.repeat(60 * 1024)))
  })
  const { status, error, response } = await sent(openSender(t), to(origin))
  assert.deepEqual([status, error], [200, null])
  assert.equal(response, 'a'.repeat(1_000) + 'b'.repeat(24))
})

test('interim answers are not taken for the answer', async (t) => {
  const origin = await openTcp(t, (socket) => {
    socket.write('HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n')
    socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok')
  })
  const { status, error, response } = await sent(openSender(t), to(origin))
  assert.deepEqual({ status, error, response }, { status: 200, error: null, response: 'ok' })
})

test('a redirect is not followed', async (t) => {
  const paths: string[] = []
  const origin = await openHttp(t, (request, response) => {
    paths.push(request.url!)
    response.writeHead(307, { location: '/elsewhere' }).end()
  })
  const outcome = await sent(openSender(t), to(origin, { path: '/here' }))
  assert.deepEqual([outcome.status, outcome.error, paths], [307, null, ['/here']])
})

test('method, path, headers and body arrive as given, byte for byte', async (t) => {
  const arrived: { method: string; url: string; headers: string[]; body: Buffer }[] = []
  const origin = await openHttp(t, async (request, response) => {
    const body = Buffer.concat(await Array.fromAsync(request))
    arrived.push({ method: request.method!, url: request.url!, headers: request.rawHeaders, body })
    response.end()
  })
  const sender = openSender(t)
  const bodies = ['', '{"a":"ü"}', 'a\u0000b', '🙂✓', 'line\r\nline\n', '\ufeffmark', 'x'.repeat(256 * 1024)]
  for (const body of bodies) {
    await sent(sender, to(origin, { path: '/in?a=%20&b', body, headers: ['webhook-id', 'm1', 'content-type', 'x/y'] }))
    const { method, url, headers, body: bytes } = arrived.at(-1)!
    assert.deepEqual([method, url], ['POST', '/in?a=%20&b'])
    assert.ok(bytes.equals(Buffer.from(body, 'utf8')), body.slice(0, 20))
    const header = (name: string) => headers.filter((_, at) => headers[at - 1]?.toLowerCase() === name)
    assert.deepEqual(header('content-length'), [String(Buffer.byteLength(body))])
    assert.deepEqual([header('webhook-id'), header('content-type')], [['m1'], ['x/y']])
  }
})

for (const [what, status, headers, directive] of [
  ['nothing', 503, {}, null],
  ['a pause in seconds', 503, { 'Retry-After': '7' }, { retryAfterMs: 7_000, noRetry: false }],
  ['a pause on any failure', 404, { 'retry-after': '0' }, { retryAfterMs: 0, noRetry: false }],
  ['no retry', 400, { 'Discue-Retry': ' No ' }, { retryAfterMs: null, noRetry: true }],
  ['a pause that cannot be read', 500, { 'retry-after': 'soon' }, { retryAfterMs: null, noRetry: false }],
  ['something else', 500, { 'discue-retry': 'yes' }, null],
  ['a pause where nothing failed', 200, { 'retry-after': '7', 'discue-retry': 'no' }, null],
] as const) {
  test(`a receiver that asks for ${what} is heard`, async (t) => {
    const origin = await openHttp(t, (_, response) => response.writeHead(status, headers).end())
    assert.deepEqual((await sent(openSender(t), to(origin))).directive, directive)
  })
}

test('a pause until a date is counted from now', async (t) => {
  const until = new Date(Date.now() + 60_000).toUTCString()
  const origin = await openHttp(t, (_, response) => response.writeHead(503, { 'retry-after': until }).end())
  const { directive } = await sent(openSender(t), to(origin))
  assert.ok(directive!.retryAfterMs! > 1_000 && directive!.retryAfterMs! <= 60_000, JSON.stringify(directive))
})

test('a GET asks without a body', async (t) => {
  let asked = ''
  const origin = await openHttp(t, (request, response) => {
    asked = `${request.method} ${request.url} ${request.headers['content-length'] ?? 'no body'}`
    response.end('alive')
  })
  const outcome = await sent(openSender(t), to(origin, { method: 'GET', path: '/alive', headers: [], body: null }))
  assert.deepEqual([outcome.status, outcome.response, asked], [200, 'alive', 'GET /alive no body'])
})
