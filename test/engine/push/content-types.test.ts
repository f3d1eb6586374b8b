import assert from 'node:assert/strict'
import { test } from 'node:test'
import { contentTypeOf } from '../../../src/core/delivery/message.ts'
import { ContentTypes } from '../../../src/engine/push/content-types.ts'

const long = (inside: string) => `{"a":"${'x'.repeat(5_000)}"${inside}}`

test('long data is parsed once, however often and to whom it is sent', (t) => {
  const types = new ContentTypes()
  const parse = t.mock.method(JSON, 'parse')
  for (let attempt = 0; attempt < 50; attempt++) {
    assert.equal(types.of({ id: 'json', data: long(''), mediaType: null }), 'application/json')
    assert.equal(types.of({ id: 'text', data: long(','), mediaType: null }), 'text/plain; charset=utf-8')
  }
  assert.equal(parse.mock.callCount(), 2)
})

test('what is remembered is bounded, and right for messages that were forgotten', (t) => {
  const types = new ContentTypes()
  const data = long('')
  const parse = t.mock.method(JSON, 'parse')
  for (let n = 0; n < 2_001; n++) types.of({ id: String(n), data, mediaType: null })
  parse.mock.resetCalls()
  assert.equal(types.of({ id: '2000', data, mediaType: null }), 'application/json')
  assert.equal(parse.mock.callCount(), 0)
  assert.equal(types.of({ id: '0', data, mediaType: null }), contentTypeOf(data))
  assert.equal(parse.mock.callCount(), 2)
})
