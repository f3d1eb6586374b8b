import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { MAX_DATA_BYTES } from '../../../src/core/delivery/message.ts'
import {
  JsonCount,
  jsonExcess,
  MAX_JSON_LEVELS,
  MAX_JSON_STRING_BYTES,
  MAX_JSON_VALUES,
} from '../../../src/core/schema/json-count.ts'

function nested(gauges: number): string {
  return '['.repeat(gauges) + ']'.repeat(gauges)
}

test('a hundred levels and a hundred thousand values fit, and no more', () => {
  assert.equal(jsonExcess(nested(MAX_JSON_LEVELS)), null)
  assert.equal(jsonExcess(nested(MAX_JSON_LEVELS + 1)), 'more than 100 levels of arrays and objects')
  assert.equal(jsonExcess('{"a":'.repeat(101)), 'more than 100 levels of arrays and objects')
  const list = (values: number) => `[${Array(values).fill('1').join(',')}]`
  assert.equal(jsonExcess(list(MAX_JSON_VALUES)), null)
  assert.equal(jsonExcess(list(MAX_JSON_VALUES + 1)), 'more than 100000 values')
})

test('a string is as long as data can be, and no longer, in pieces of any size', () => {
  const ofBytes = (bytes: number) => Buffer.from(JSON.stringify({ data: 'x'.repeat(bytes), more: 'x' }))
  for (const piece of [1_000, 64 * 1024, 10_000_000]) {
    const read = (bytes: Buffer) => {
      const count = new JsonCount()
      for (let at = 0; at < bytes.length; at += piece) {
        const excess = count.read(bytes, at, Math.min(bytes.length, at + piece))
        if (excess !== null) return excess
      }
      return null
    }
    assert.equal(read(ofBytes(MAX_JSON_STRING_BYTES)), null)
    assert.equal(read(ofBytes(MAX_JSON_STRING_BYTES + 2)), `a string of more than ${MAX_JSON_STRING_BYTES} bytes`)
  }
  // The longest data that is taken, all of it escaped.
  assert.equal(jsonExcess(JSON.stringify({ data: '\u0000'.repeat(MAX_DATA_BYTES) })), null)
})

test('what lies in strings does not count, whatever is escaped in them', () => {
  for (const text of ['[{,:', '\\"[[[[', '\\\\', '\\\\\\"[', '\u015b\u007b\ud83d\ude42']) {
    assert.equal(jsonExcess(JSON.stringify({ text: text.repeat(50_000) })), null)
  }
})

test('strings of any length end where they end, in pieces of any size', () => {
  const part = fc.constantFrom(
    'x',
    'x'.repeat(63),
    'x'.repeat(64),
    'x'.repeat(200),
    '"',
    '\\',
    '\\'.repeat(70),
    '[',
    '\n',
  )
  const property = fc.property(fc.array(part, { maxLength: 12 }), fc.integer({ min: 1, max: 300 }), (parts, size) => {
    const text = parts.join('')
    const bytes = Buffer.from(JSON.stringify({ [text]: text, list: [text, text] }))
    const counted = new JsonCount()
    for (let at = 0; at < bytes.length; at += size) counted.read(bytes, at, Math.min(bytes.length, at + size))
    assert.deepEqual([counted.values, counted.properties, counted.longest?.commas.length], [6, 2, 1])
    assert.equal(bytes.toString('utf8', ...counted.longest!.name), '"list"')
  })
  fc.assert(property, { seed: 43, numRuns: 500 })
})

test('the end of a string is searched for once, whatever stands before it', (t) => {
  let searched = 0
  const { indexOf } = Buffer.prototype
  t.mock.method(Buffer.prototype, 'indexOf', function (this: Buffer, byte: number, from: number) {
    const found = indexOf.call(this, byte, from)
    searched += (found === -1 ? this.length : found) - from
    return found
  })
  for (const part of ['\\\\', '\\"', 'x', `${'x'.repeat(65)}\\"`, `${'x'.repeat(65)}${'\\'.repeat(130)}`]) {
    const bytes = Buffer.from(`{"data":"${part.repeat(1 + 200_000 / part.length)}"}`)
    searched = 0
    for (let at = 0; at < bytes.length; at += 5_000) new JsonCount().read(bytes, at, Math.min(bytes.length, at + 5_000))
    new JsonCount().read(bytes, 0, bytes.length)
    assert.ok(searched <= 3 * bytes.length, `${searched} bytes of ${bytes.length} for ${part.slice(0, 4)}`)
  }
})

test('levels that end make room again', () => {
  assert.equal(jsonExcess(`[${Array(1_000).fill(nested(99)).join(',')}]`.slice(0, 100_000)), null)
})

test('it counts the same in pieces of any size', () => {
  const property = fc.property(fc.json(), fc.integer({ min: 1, max: 7 }), (text, size) => {
    const bytes = Buffer.from(text)
    const whole = new JsonCount()
    whole.read(bytes, 0, bytes.length)
    const pieces = new JsonCount()
    for (let at = 0; at < bytes.length; at += size) pieces.read(bytes, at, Math.min(bytes.length, at + size))
    assert.deepEqual(
      [pieces.values, pieces.properties, pieces.longest],
      [whole.values, whole.properties, whole.longest],
    )
  })
  fc.assert(property, { seed: 41, numRuns: 500 })
})

test('it counts at least the values that a parser makes, less the outermost', () => {
  const count = (value: unknown): number =>
    typeof value === 'object' && value !== null
      ? Object.values(value).reduce((sum: number, it) => sum + 1 + count(it), 0)
      : 0
  const property = fc.property(fc.json(), (text) => {
    const counted = new JsonCount()
    counted.read(Buffer.from(text), 0, Buffer.byteLength(text))
    assert.ok(counted.values >= count(JSON.parse(text)))
  })
  fc.assert(property, { seed: 42, numRuns: 500 })
})
