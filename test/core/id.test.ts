import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { createIdFactory, encodeTime, ID_LENGTH, isId } from '../../src/core/id.ts'
import { predictableBytes } from '../support/predictable-bytes.ts'

// Every run tries the same texts and numbers, so that a failure can be repeated.
fc.configureGlobal({ seed: 48 })

const LATEST = 2 ** 48 - 1

test('an id is 21 letters and digits', () => {
  const newId = createIdFactory({ now: () => 1_700_000_000_000, randomBytes: predictableBytes() })
  for (let i = 0; i < 1_000; i++) assert.match(newId(), /^[0-9A-Za-z]{21}$/)
  assert.equal(ID_LENGTH, 21)
})

test('sorting ids as text sorts them by time of creation', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: LATEST }), fc.integer({ min: 0, max: LATEST }), (a, b) => {
      fc.pre(a < b)
      let now = a
      const newId = createIdFactory({ now: () => now, randomBytes: predictableBytes() })
      const earlier = newId()
      now = b
      assert.ok(earlier < newId())
    }),
  )
})

test('100,000 ids of one millisecond are all different', () => {
  const newId = createIdFactory({ now: () => 1_700_000_000_000, randomBytes })
  const ids = new Set(Array.from({ length: 100_000 }, newId))
  assert.equal(ids.size, 100_000)
})

test('the random part favours no letter', () => {
  const newId = createIdFactory({ now: () => 0, randomBytes: predictableBytes() })
  const counts = new Map<string, number>()
  for (let i = 0; i < 20_000; i++) {
    for (const letter of newId().slice(9)) counts.set(letter, (counts.get(letter) ?? 0) + 1)
  }
  const expected = (20_000 * 12) / 62
  assert.equal(counts.size, 62)
  // A letter that came from one byte value more than the rest would be off by a quarter.
  for (const [letter, count] of counts) assert.ok(Math.abs(count / expected - 1) < 0.1, `${letter}: ${count}`)
})

test('bytes that would favour the first letters are thrown away', () => {
  const bytes = [255, 248, 0, 61, 62, 247, 255, ...Array(20).fill(1)]
  const newId = createIdFactory({ now: () => 0, randomBytes: () => Uint8Array.from(bytes) })
  assert.equal(newId(), '000000000' + '0z0z' + '11111111')
})

test('ids made at the same time share the first nine characters, which are that time', () => {
  const newId = createIdFactory({ now: () => 1_644_616_838_173, randomBytes: predictableBytes() })
  const prefix = encodeTime(1_644_616_838_173)
  assert.ok(newId().startsWith(prefix))
  assert.ok(newId().startsWith(prefix))
})

test('a time is written in nine characters, most significant first', () => {
  assert.equal(encodeTime(0), '000000000')
  assert.equal(encodeTime(61), '00000000z')
  assert.equal(encodeTime(62), '000000010')
  assert.equal(encodeTime(62 ** 2 + 35), '0000001' + '0Z')
  assert.equal(encodeTime(LATEST).length, 9)
})

test('a time is the lowest possible id of its millisecond', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: LATEST }), (ms) => {
      const id = createIdFactory({ now: () => ms, randomBytes: predictableBytes() })()
      assert.ok(encodeTime(ms) <= id)
      assert.ok(createIdFactory({ now: () => ms - 1, randomBytes: predictableBytes() })() < encodeTime(ms))
    }),
  )
})

test('only 21 letters and digits have the shape of an id', () => {
  assert.ok(isId('0123456789ABCDEFGHIJK'))
  for (const text of [
    '',
    '0123456789ABCDEFGHIJ',
    '0123456789ABCDEFGHIJKL',
    '0123456789ABCDEFGHI-K',
    '0123456789ABCDEFGHIJK\n',
  ]) {
    assert.equal(isId(text), false, JSON.stringify(text))
  }
})
