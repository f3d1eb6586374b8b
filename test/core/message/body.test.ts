import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { MAX_DATA_BYTES } from '../../../src/core/delivery/message.ts'
import {
  base64Bytes,
  base64Fault,
  bodyFaults,
  bodyOf,
  bodySizeFault,
  changedBody,
  contentTypeFault,
  givenType,
  isBytes,
  sentBody,
  sentType,
} from '../../../src/core/message/body.ts'

const TYPES = [
  'text/plain',
  'application/cloudevents+json',
  'image/svg+xml; charset=utf-8',
  'a/b;c="d;base64"',
  "x!/y~'",
]
const WRONG_TYPES = [
  ...[
    '',
    'text',
    'text/',
    '/plain',
    'text/plain/x',
    'text /plain',
    'text/plain; charset',
    'text/plain; charset=',
    'a/b;=',
  ],
  ...['text/plain;base64', 'text/plain\r\nx: y', 'text/plain; a="b', 'text/plain; a=b c', 'tëxt/plain', 'a/b ', ' a/b'],
  ...['a/b; c="\u0000"', 'a/b; c="é"', `a/${'b'.repeat(255)}`, 'a/b, c/d'],
]

test('a media type is what RFC 9110 says, of bounded length, and nothing that could end a line', () => {
  for (const type of [...TYPES, 'a/b;', 'a/b ; c=d ;; e="\\""']) assert.equal(contentTypeFault(type), null, type)
  for (const type of WRONG_TYPES) assert.notEqual(contentTypeFault(type), null, JSON.stringify(type))
})

test('no text takes long to be refused as a media type', () => {
  const unit = fc.constantFrom('a/b', ';', ' ', '\t', '=', '"', '\\', 'c')
  const before = process.cpuUsage()
  fc.assert(fc.property(fc.string({ unit, maxLength: 256 }), (text) => contentTypeFault(text) !== undefined))
  for (const unit of ['; ', ';', ' ;', '; a="', ' ']) contentTypeFault(`a/b${unit.repeat(200).slice(0, 250)}é`)
  // A pattern that tries every way would not end; this bound is a thousand times what it takes.
  assert.ok(process.cpuUsage(before).user < 30e6)
})

test('bytes come out of base64 as they went in, with their number and their type', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.constantFrom(undefined, ...TYPES), (bytes, contentType) => {
      const dataBase64 = Buffer.from(bytes).toString('base64')
      const body = bodyOf({ dataBase64, contentType })
      assert.deepEqual(sentBody(body), Buffer.from(bytes))
      assert.deepEqual([isBytes(body), base64Fault(dataBase64), base64Bytes(dataBase64)], [true, null, bytes.length])
      assert.equal(sentType(body), contentType ?? 'application/octet-stream')
    }),
  )
})

test('a text is never taken for bytes, whatever its type', () => {
  fc.assert(
    fc.property(fc.string(), fc.constantFrom(undefined, ...TYPES), (data, contentType) => {
      const body = bodyOf({ data, contentType })
      assert.deepEqual([sentBody(body), isBytes(body), givenType(body)], [data, false, contentType ?? null])
    }),
  )
})

test('what is not exactly the base64 of bytes is refused', () => {
  for (const text of ['A', 'AA', 'AAA', 'AAAA=', 'AA==AA==', 'AB==', 'AAB=', 'AA-_', 'AA A', 'AAAA\n', '====', '🦉']) {
    assert.notEqual(base64Fault(text), null, JSON.stringify(text))
  }
})

test('either form is weighed by what a listener would be sent', () => {
  const bytes = (size: number) => Buffer.alloc(size).toString('base64')
  for (const [size, fits] of [
    [MAX_DATA_BYTES, true],
    [MAX_DATA_BYTES + 1, false],
  ] as const) {
    assert.equal(bodySizeFault('data_base64', bytes(size)) === null, fits)
    assert.equal(bodySizeFault('data', 'x'.repeat(size)) === null, fits)
  }
})

test('a message has one body, and the fault says which property', () => {
  assert.deepEqual(
    [{}, { data: '', dataBase64: '' }, { data: '' }, { dataBase64: '' }].map((ask) => bodyFaults(ask, '/m')[0]?.path),
    ['/m/data', '/m/data_base64', undefined, undefined],
  )
})

test('a change keeps the type while the kind of the body stays, and no longer', () => {
  const text = bodyOf({ data: '<a/>', contentType: 'application/xml' })
  const bytes = bodyOf({ dataBase64: 'AAAA', contentType: 'image/png' })
  const changed = (before: typeof text, change: Parameters<typeof changedBody>[1]) => {
    const { data, mediaType } = changedBody(before, change)
    return [data, mediaType]
  }
  assert.deepEqual(changed(text, { data: '<b/>' }), ['<b/>', 'application/xml'])
  assert.deepEqual(changed(text, { contentType: null }), ['<a/>', null])
  assert.deepEqual(changed(text, { contentType: 'text/xml' }), ['<a/>', 'text/xml'])
  assert.deepEqual(changed(text, { dataBase64: 'BBBB' }), ['BBBB', 'application/octet-stream;base64'])
  assert.deepEqual(changed(bytes, { dataBase64: 'BBBB' }), ['BBBB', 'image/png;base64'])
  assert.deepEqual(changed(bytes, { contentType: 'image/gif' }), ['AAAA', 'image/gif;base64'])
  assert.deepEqual(changed(bytes, { data: 'x' }), ['x', null])
})
