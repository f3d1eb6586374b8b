import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { InvalidRequest, requestHead } from '../../../../src/engine/client/http1/request-text.ts'

const FINE = { method: 'POST', path: '/in?a=b', headers: ['x-a', 'b c', 'x-d', ''], body: 'ü' } as const

test('a head has the host, the headers in their order, and the length of the body in bytes', () => {
  assert.equal(
    requestHead(FINE, 'example.com:81', 2),
    'POST /in?a=b HTTP/1.1\r\nhost: example.com:81\r\nconnection: keep-alive\r\nx-a: b c\r\nx-d: \r\ncontent-length: 2\r\n\r\n',
  )
  assert.doesNotMatch(requestHead({ ...FINE, method: 'GET', body: null }, 'h', 0), /content-length/)
})

test('nothing can break out of its line', () => {
  const control = fc.constantFrom('\r', '\n', '\0', '\r\nx: y', '\u0100', '\u2028', '\u010a', '\x7f')
  fc.assert(
    fc.property(fc.string(), control, fc.string(), fc.constantFrom('path', 'name', 'value'), (a, bad, b, where) => {
      const text = `${a}${bad}${b}`
      const request = {
        ...FINE,
        ...(where === 'path' && { path: `/${text}` }),
        ...(where === 'name' && { headers: [`x${text}`, 'y'] }),
        ...(where === 'value' && { headers: ['x', text] }),
      }
      assert.throws(() => requestHead(request, 'h', 2), InvalidRequest)
    }),
  )
})
