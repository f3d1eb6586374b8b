import assert from 'node:assert/strict'
import { validateHeaderName, validateHeaderValue } from 'node:http'
import { test } from 'node:test'
import fc from 'fast-check'
import { fixedHeaderFaults } from '../../../src/core/delivery/fixed-headers.ts'

const headersOf = (count: number, value = 'v') =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`x-${i}`, value]))

for (const [what, headers] of [
  ['no headers', {}],
  ['credentials', { Authorization: 'Bearer a.b-c_d==' }],
  ['an empty value', { 'x-empty': '' }],
  ['a value with spaces and punctuation', { cookie: 'a=b; c="d e"' }],
  ['as many as allowed', headersOf(32)],
  ['a name that only begins like a taken one', { webhooks: '1', hostname: 'a' }],
] as const) {
  test(`${what} can be sent`, () => assert.deepEqual(fixedHeaderFaults(headers), []))
}

const refused: [string, Record<string, string>, string, RegExp][] = [
  ['a name of the server', { 'content-type': 'text/html' }, '/headers/content-type', /sent by the server/],
  ['its other spelling', { HOST: 'evil' }, '/headers/HOST', /sent by the server/],
  ['a signature', { 'Webhook-Signature': 'v1,x' }, '/headers/Webhook-Signature', /sent by the server/],
  ['a name of ours that is not used yet', { 'discue-anything': '1' }, '/headers/discue-anything', /sent by the server/],
  ['where a body ends', { 'Transfer-Encoding': 'chunked' }, '/headers/Transfer-Encoding', /sent by the server/],
  ['a proxy header', { 'proxy-authorization': 'x' }, '/headers/proxy-authorization', /sent by the server/],
  ['an empty name', { '': 'x' }, '/headers/', /a name of letters/],
  ['a name with a colon', { 'a:b': 'x' }, '/headers/a:b', /a name of letters/],
  ['a name with a line break', { 'a\r\nhost': 'x' }, '/headers/a\r\nhost', /a name of letters/],
  ['a long name', { [`x${'a'.repeat(128)}`]: 'x' }, `/headers/x${'a'.repeat(127)}`, /at most 128/],
  ['a line break', { 'x-a': 'b\r\nhost: c' }, '/headers/x-a', /line breaks/],
  ['a lone line feed', { 'x-a': 'b\nc' }, '/headers/x-a', /line breaks/],
  ['a NUL', { 'x-a': 'b\u0000' }, '/headers/x-a', /printable/],
  ['a letter that is not ASCII', { 'x-a': 'é' }, '/headers/x-a', /printable/],
  ['a space at the end', { 'x-a': 'b ' }, '/headers/x-a', /begin or end/],
  ['a long value', { 'x-a': 'b'.repeat(4_097) }, '/headers/x-a', /at most 4096/],
  ['a name twice', { 'x-a': '1', 'X-A': '2' }, '/headers/X-A', /twice/],
  ['too many', headersOf(33), '/headers', /at most 32/],
  ['too much', headersOf(3, 'v'.repeat(4_000)), '/headers', /at most 8192/],
]
for (const [what, headers, path, message] of refused) {
  test(`${what} cannot, and the fault says where and why`, () => {
    const [fault] = fixedHeaderFaults(headers)
    assert.equal(fault?.path, path)
    assert.match(fault?.message ?? '', message)
  })
}

test('whatever is let through, Node would put on the wire as it is', () => {
  const text = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('a\r\nb', 'x-a', '__proto__', 'Ha\u0000'))
  fc.assert(
    fc.property(fc.dictionary(text, text), (headers) => {
      if (fixedHeaderFaults(headers).length > 0) return
      for (const [name, value] of Object.entries(headers)) {
        validateHeaderName(name)
        validateHeaderValue(name, value)
      }
    }),
    { seed: 4, numRuns: 2_000 },
  )
})
