import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect } from 'node:net'
import { test } from 'node:test'
import { OWNER_KEY, sharedApi } from '../../support/server/api.ts'

const api = await sharedApi()
let port = 0

await api.app.listen({ host: '127.0.0.1', port: 0 })
port = (api.app.server.address() as AddressInfo).port

/** Sends bytes as they are and answers with everything that comes back until the server hangs up. */
async function exchange(bytes: string): Promise<{ head: string; body: string }> {
  const socket = connect(port, '127.0.0.1')
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  socket.write(bytes)
  await once(socket, 'close')
  const [head = '', body = ''] = Buffer.concat(chunks).toString('utf8').split('\r\n\r\n')
  return { head, body }
}

test('CONNECT is a 501', async () => {
  const { head, body } = await exchange('CONNECT example.com:443 HTTP/1.1\r\nHost: example.com\r\n\r\n')
  assert.match(head, /^HTTP\/1\.1 501 Not Implemented\r\n/)
  assert.match(head, /x-request-id: [0-9A-Za-z]{21}/)
  assert.equal(JSON.parse(body).status, 501)
})

test('a method that HTTP does not know is a 501', async () => {
  const { head } = await exchange('FROBNICATE / HTTP/1.1\r\nHost: a\r\n\r\n')
  assert.match(head, /^HTTP\/1\.1 501 /)
})

test('what is not HTTP is a 400 in the shape of every error', async () => {
  const { head, body } = await exchange('GET / HTTP/1.1\r\nHost: a\r\nbroken header\r\n\r\n')
  assert.match(head, /^HTTP\/1\.1 400 Bad Request\r\n/)
  assert.deepEqual(JSON.parse(body), { title: 'Bad Request', status: 400, detail: 'the request is malformed' })
})

test('headers beyond the limit are told apart', async () => {
  const { body } = await exchange(`GET / HTTP/1.1\r\nHost: a\r\nx: ${'x'.repeat(20_000)}\r\n\r\n`)
  assert.equal(JSON.parse(body).detail, 'the headers are larger than allowed')
})

test('a chunked body over the limit is a 413, and one without a type a 415', async () => {
  const head = `POST /v1/queues HTTP/1.1\r\nHost: a\r\nX-API-KEY: ${OWNER_KEY}\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n`
  const chunk = `${(1024 * 1024 + 1).toString(16)}\r\n${' '.repeat(1024 * 1024 + 1)}\r\n0\r\n\r\n`
  const large = await exchange(`${head}Content-Type: application/json\r\n\r\n${chunk}`)
  assert.match(large.head, /^HTTP\/1\.1 413 /)
  const untyped = await exchange(`${head}\r\n2\r\n{}\r\n0\r\n\r\n`)
  assert.match(untyped.head, /^HTTP\/1\.1 415 /)
})

test('a chunked body without a type that turns out to be empty is none', async () => {
  const headOf = (path: string) =>
    `POST /v1${path} HTTP/1.1\r\nHost: a\r\nX-API-KEY: ${OWNER_KEY}\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n`
  const optional = await exchange(`${headOf('/api_keys')}0\r\n\r\n`)
  assert.match(optional.head, /^HTTP\/1\.1 200 /)
  assert.equal(JSON.parse(optional.body).api_key.length, 64)
  const required = await exchange(`${headOf('/queues')}0\r\n\r\n`)
  assert.match(required.head, /^HTTP\/1\.1 400 /)
  assert.equal(JSON.parse(required.body).detail, 'the body is empty; send a JSON object')
  // More than fits into what is buffered between two sockets: the answer must not wait for it, nor be lost with it.
  const long = `${(512 * 1024).toString(16)}\r\n${' '.repeat(512 * 1024)}\r\n0\r\n\r\n`
  assert.match((await exchange(`${headOf('/api_keys')}${long}`)).head, /^HTTP\/1\.1 415 /)
})

test('a GET with a body and no type is served over the wire', async () => {
  const head = `GET /v1/queues HTTP/1.1\r\nHost: a\r\nX-API-KEY: ${OWNER_KEY}\r\nContent-Length: 9\r\nConnection: close\r\n\r\n`
  assert.match((await exchange(`${head}[jsonReq]`)).head, /^HTTP\/1\.1 200 OK/)
})

test('a request without a Host is a 400 in the shape of every error, but for HTTP/1.0', async () => {
  const { head, body } = await exchange(
    `GET /v1/queues HTTP/1.1\r\nX-API-KEY: ${OWNER_KEY}\r\nConnection: close\r\n\r\n`,
  )
  assert.match(head, /^HTTP\/1\.1 400 Bad Request\r\n/)
  assert.match(head, /x-request-id: [0-9A-Za-z]{21}/)
  assert.deepEqual(JSON.parse(body), {
    ...{ title: 'Bad Request', status: 400, detail: 'a header is not valid' },
    errors: [{ path: 'Host', message: 'is required' }],
  })
  const old = await exchange(`GET /v1/queues HTTP/1.0\r\nX-API-KEY: ${OWNER_KEY}\r\n\r\n`)
  assert.match(old.head, /^HTTP\/1\.1 200 OK\r\n/)
})

test('an expectation that HTTP does not know is passed over', async () => {
  const head = `GET /v1/queues HTTP/1.1\r\nHost: a\r\nX-API-KEY: ${OWNER_KEY}\r\nExpect: the-unexpected\r\nConnection: close`
  assert.match((await exchange(`${head}\r\n\r\n`)).head, /^HTTP\/1\.1 200 OK/)
})

test('the status line has the reason phrase of the body', async () => {
  const head = `POST /v1/queues HTTP/1.1\r\nHost: a\r\nX-API-KEY: ${OWNER_KEY}\r\nContent-Type: application/json\r\nConnection: close`
  const answer = await exchange(`${head}\r\nContent-Length: 9999999\r\n\r\n${' '.repeat(9_999_999)}`)
  assert.match(answer.head, /^HTTP\/1\.1 413 Content Too Large\r\n/)
})

test('a request has five minutes to arrive, and not for ever', () => {
  assert.equal(api.app.server.requestTimeout, 300_000)
})
