import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readPlainMessage } from '../../../src/http/plain-posts/body.ts'
import { type Head, readPlainHead } from '../../../src/http/plain-posts/head.ts'

const FIELDS = {
  host: 'example.com:3000',
  'content-type': 'application/json; charset=utf-8',
  'x-api-key': 'a secret',
  'content-length': '17',
}
const READ = { params: { queueId: '0123456789abcdefghijk' }, host: 'example.com:3000', length: 17 }
const PATH = '/v1/queues/0123456789abcdefghijk/messages'

/** The head of a plain post, but for what is given. */
function head(fields: Record<string, string | undefined> = {}, given: Partial<Head> = {}): Head {
  const entries = Object.entries({ ...FIELDS, ...fields }).filter(([, value]) => value !== undefined)
  return {
    method: 'POST',
    url: PATH,
    headers: Object.fromEntries(entries),
    rawHeaders: entries.flat() as string[],
    ...given,
  }
}

test('the head of a plain post is read, with the version or without, in HTTP/1.1 and HTTP/2', () => {
  assert.deepEqual(readPlainHead(head()), READ)
  assert.deepEqual(readPlainHead(head({}, { url: PATH.replace('/v1', '') })), READ)
  assert.deepEqual(readPlainHead(head({ host: undefined, ':authority': READ.host, ':method': 'POST' })), READ)
})

test('fields that a post need not have are no hindrance', () => {
  const others = {
    'x-forwarded-for': '192.0.2.1',
    via: '1.1 proxy',
    cookie: 'a=b',
    'x-request-id': 'mine',
    'if-match': '"1-x"',
  }
  assert.deepEqual(
    readPlainHead(head({ ...others, traceparent: 'x', expect: '100-continue', connection: 'close' })),
    READ,
  )
})

for (const [what, request] of [
  ['a request without a host', head({ host: undefined })],
  ['one without a type', head({ 'content-type': undefined })],
  ['one without a key', head({ 'x-api-key': undefined })],
  ['one with an empty key', head({ 'x-api-key': '' })],
  ['one of unknown length', head({ 'content-length': undefined })],
  ['one without a body', head({ 'content-length': '0' })],
  ['one with a length that is spelled in an unusual way', head({ 'content-length': '017' })],
  ['one with a large body', head({ 'content-length': '65537' })],
  ['one with a body in chunks', head({ 'content-length': undefined, 'transfer-encoding': 'chunked' })],
  ['one with an encoded body', head({ 'content-encoding': 'gzip' })],
  ['one that may be repeated', head({ 'idempotency-key': '1' })],
  ['one that names its host twice', head({}, { rawHeaders: ['Host', 'a', 'hOST', 'a'] })],
  ['another method', head({}, { method: 'PUT' })],
  ['a query', head({}, { url: `${PATH}?pretty` })],
  ['a batch', head({}, { url: `${PATH}/batch` })],
  ['an escape', head({}, { url: PATH.replace('k/', '%6b/') })],
  ['another version', head({}, { url: PATH.replace('v1', 'v2') })],
  ['no id', head({}, { url: '/v1/queues//messages' })],
] as const) {
  test(`${what} is left to the route`, () => assert.equal(readPlainHead(request), null))
}

test('data, a name and a key are a plain message', () => {
  const read = (body: unknown) => readPlainMessage(Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)))
  assert.deepEqual(read({ data: 'ü' }), { data: 'ü', name: null, key: null })
  assert.deepEqual(read({ data: '\ufffd' }), { data: '\ufffd', name: null, key: null })
  assert.deepEqual(read({ key: 'k 1', data: '', name: 'n' }), { data: '', name: 'n', key: 'k 1' })
  for (const body of [
    ...['', 'null', '[]', '1', '"x"', '{', '{}', '{"data":"x"} x', '{"data":"\\ud800"}', '{"data":"x","__proto__":{}}'],
    ...[
      { data: 1 },
      { data: null },
      { data: 'x', name: null },
      { data: 'x', name: 'a b' },
      { data: 'x', name: 'self' },
    ],
    ...[
      { data: 'x', key: '' },
      { data: 'x', key: 1 },
      { data: 'x', delay: 1 },
      { data: 'x', deliver_at: 1 },
    ],
    ...[{ data: 'x', id: 'y' }],
  ]) {
    assert.equal(read(body), null, JSON.stringify(body))
  }
  assert.equal(readPlainMessage(Buffer.from([...Buffer.from('{"data":"'), 0xff, ...Buffer.from('"}')])), null)
})
