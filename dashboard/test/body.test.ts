import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bodyLine, bodyPreview, bodySize } from '../src/words/body.ts'

const ofBytes = (...bytes: number[]) => ({
  data_base64: Buffer.from(bytes).toString('base64'),
  content_type: 'image/png',
})

test('text is shown as it is, JSON indented, whether it came as text or as bytes', () => {
  assert.equal(bodyPreview({ data: 'hello' }), 'hello')
  assert.equal(bodyPreview({ data: '{"a":1}' }), '{\n  "a": 1\n}')
  assert.equal(bodyPreview({ data_base64: Buffer.from('{"a":"✓"}').toString('base64') }), '{\n  "a": "✓"\n}')
})

test('bytes that are no text are shown in hex, with the letters among them, and no more than the first', () => {
  assert.equal(bodyPreview(ofBytes(0x89, 0x50, 0x4e, 0x47, 0x0d)), `00000000  ${'89 50 4e 47 0d'.padEnd(47)}  .PNG.`)
  const lines = bodyPreview(ofBytes(...Array.from({ length: 2_000 }, () => 0xff))).split('\n')
  assert.equal(lines.length, 33)
  assert.match(lines[31]!, /^000001f0 {2}ff ff/)
  assert.equal(lines[32], '… and 1.5 KiB more')
})

test('a byte that no text for people holds makes bytes of it', () => {
  assert.match(bodyPreview(ofBytes(0x61, 0x00, 0x62)), /^00000000 {2}61 00 62 /)
})

test('its size is that of what listeners get, and one line says what it is', () => {
  assert.equal(bodySize({ data: 'é' }), 2)
  assert.equal(bodySize(ofBytes(1, 2, 3, 4)), 4)
  assert.equal(bodyLine({ data: 'é' }), 'é')
  assert.equal(bodyLine(ofBytes(1, 2, 3, 4)), '4 B of image/png')
})
