import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { digestOf } from '../../../src/core/api-key.ts'
import { readPlainMessage } from '../../../src/http/fast-post/body.ts'
import { readPlainHead } from '../../../src/http/fast-post/head.ts'

const HEAD = [
  'POST /v1/queues/0123456789abcdefghijk/messages HTTP/1.1',
  'Host: example.com:3000',
  'content-type: application/json; charset=utf-8',
  'X-Api-Key: a secret',
  'Content-Length: 17',
  'Accept: */*',
  'Connection: Keep-Alive',
  'User-Agent:x/1 (y)',
]
const READ = {
  queueId: '0123456789abcdefghijk',
  key: 'a secret',
  keyDigest: digestOf('a secret'),
  host: 'example.com:3000',
  requestId: null,
  length: 17,
}

function withLine(at: number, line: string): string {
  return HEAD.toSpliced(at, 1, line).join('\r\n')
}

const readWhole = (bytes: Buffer) => readPlainMessage(bytes, 0, bytes.length)

test('the head of a plain post is read, with the version or without, whatever the order of its fields', () => {
  assert.deepEqual(readPlainHead(HEAD.join('\r\n')), READ)
  assert.deepEqual(readPlainHead(HEAD.join('\r\n').replace('/v1', '')), READ)
  const [first, fields] = [HEAD[0], HEAD.slice(1)]
  fc.assert(
    fc.property(fc.shuffledSubarray(fields, { minLength: fields.length }), (shuffled) => {
      assert.deepEqual(readPlainHead([first, ...shuffled].join('\r\n')), READ)
    }),
  )
  assert.deepEqual(readPlainHead([...HEAD, 'x-request-id: mine.1'].join('\r\n')), { ...READ, requestId: 'mine.1' })
})

test('whatever is missing, comes twice or is not known is left to others', () => {
  for (const needed of [1, 2, 3, 4]) assert.equal(readPlainHead(HEAD.toSpliced(needed, 1).join('\r\n')), null)
  for (let at = 1; at < HEAD.length; at++) {
    assert.equal(readPlainHead([...HEAD, HEAD[at]!].join('\r\n')), null, HEAD[at]!)
    assert.equal(readPlainHead(withLine(at, HEAD[at]!.toUpperCase().replace(/^[^:]*/, 'x-other'))), null)
  }
})

for (const [at, line] of [
  [0, 'GET /v1/queues/0123456789abcdefghijk/messages HTTP/1.1'],
  [0, 'POST /v1/queues/0123456789abcdefghijk/messages HTTP/1.0'],
  [0, 'POST /v1/queues/0123456789abcdefghijk/messages?pretty HTTP/1.1'],
  [0, 'POST /v1/queues/0123456789abcdefghijk/messages/ HTTP/1.1'],
  [0, 'POST /v1/queues/0123456789abcdefghijk/messages/batch HTTP/1.1'],
  [0, 'POST /v1/queues/0123456789abcdefghij%6b/messages HTTP/1.1'],
  [0, 'POST  /v1/queues/0123456789abcdefghijk/messages HTTP/1.1'],
  [0, 'POST /v2/queues/0123456789abcdefghijk/messages HTTP/1.1'],
  [0, 'POST /v1/queues//messages HTTP/1.1'],
  [1, 'Host:'],
  [1, 'Host : example.com'],
  [1, ' Host: example.com'],
  [1, 'Host: exämple.com'],
  [1, 'Host: a\tb'],
  [1, 'Host: a\rb'],
  [1, 'Host: a\nb: c'],
  [1, 'Host: a\0b'],
  [2, 'content-type: text/plain'],
  [4, 'Content-Length: 0'],
  [4, 'Content-Length: 017'],
  [4, 'Content-Length: +17'],
  [4, 'Content-Length: 17, 17'],
  [4, 'Content-Length: 0x11'],
  [4, 'Content-Length: 1e1'],
  [4, 'Content-Length: 1000000'],
  [4, 'Transfer-Encoding: chunked'],
  [5, 'Accept: text/html'],
  [6, 'Connection: close'],
  [6, 'Connection: keep-alive, upgrade'],
  [7, 'Transfer-Encoding: chunked'],
  [7, 'Transfer-Encoding: identity'],
  [7, 'Expect: 100-continue'],
  [7, 'Upgrade: h2c'],
  [7, 'Idempotency-Key: 1'],
  [7, 'X-Forwarded-For: 192.0.2.1'],
  [7, 'traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'],
  [7, 'X-Request-Id: not valid'],
  [7, '__proto__: x'],
  [7, 'constructor: x'],
  [7, ''],
] as const) {
  test(`${JSON.stringify(line)} is left to others`, () => assert.equal(readPlainHead(withLine(at, line)), null))
}

test('data, a name and a key are a plain message', () => {
  const read = (body: unknown) => readWhole(Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)))
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
    ...[{ data: 'x', id: 'y' }, { data: 'x'.repeat(64 * 1024 + 1) }],
  ]) {
    assert.equal(read(body), null, JSON.stringify(body))
  }
  assert.equal(readWhole(Buffer.from([...Buffer.from('{"data":"'), 0xff, ...Buffer.from('"}')])), null)
})
