import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { nameFault, RESERVED_NAMES } from '../../src/core/name.ts'

// Every run tries the same texts and numbers, so that a failure can be repeated.
fc.configureGlobal({ seed: 48 })

const ALLOWED = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._/-']

for (const name of ['a', '7', 'example.com/dev', 'orders-v2', '_x_', '../a', 'Self', 'x'.repeat(128)]) {
  test(`${JSON.stringify(name.slice(0, 20))} can be a name`, () => assert.equal(nameFault(name), null))
}

for (const name of [
  '',
  '.',
  '-_/.',
  'x'.repeat(129),
  'two words',
  'a\n',
  '\na',
  'a\u0000',
  'é',
  'a:b',
  'a%20b',
  '🙂',
]) {
  test(`${JSON.stringify(name.slice(0, 20))} cannot be a name, and the fault says what is allowed`, () => {
    assert.match(nameFault(name) ?? '', /^must be 1 to 128 characters of A-Z a-z 0-9/)
  })
}

for (const name of ['self', 'next', 'prev', 'first', 'last', 'schema']) {
  test(`${name} is a key of _links and cannot be a name`, () => {
    assert.match(nameFault(name) ?? '', /reserved/)
    assert.ok(RESERVED_NAMES.includes(name))
  })
}

test('any text of allowed characters with a letter or digit in it is a name, and no other text is', () => {
  const text = fc.oneof(
    fc.string({ unit: fc.constantFrom(...ALLOWED), maxLength: 140 }),
    fc.string({ unit: 'binary', maxLength: 8 }),
  )
  fc.assert(
    fc.property(text, (name) => {
      const allowed = [...name].every((letter) => ALLOWED.includes(letter))
      const inRange = name.length >= 1 && name.length <= 128
      const expected = allowed && inRange && /[A-Za-z0-9]/.test(name) && !RESERVED_NAMES.includes(name)
      assert.equal(nameFault(name) === null, expected)
    }),
  )
})
