import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { makeSecret } from '../../../src/core/delivery/signature.ts'
import { CLEAR_BOX, createSecretBox, openedOrNull, SecretUnreadable } from '../../../src/core/tenant/secret-box.ts'

const [KEY, OTHER] = ['k'.repeat(32), 'o'.repeat(32)]
const ID = '0VGLyUJzEJ0hFh3qqZq9T'
const box = createSecretBox([KEY], randomBytes)
const secret = makeSecret(randomBytes)

const refusedFor = (reason: SecretUnreadable['reason'], run: () => unknown) =>
  assert.throws(run, (error) => error instanceof SecretUnreadable && error.reason === reason)

test('what was sealed opens again, for the same listener and key alone', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', minLength: 1 }), fc.string({ minLength: 1 }), (text, id) => {
      const sealed = box.seal(text, id)
      assert.equal(createSecretBox([KEY], randomBytes).open(sealed, id), text)
      refusedFor('damaged', () => box.open(sealed, `${id}x`))
      refusedFor('other_key', () => createSecretBox([OTHER], randomBytes).open(sealed, id))
      refusedFor('no_key', () => CLEAR_BOX.open(sealed, id))
    }),
  )
})

test('a sealed text tells nothing of the secret or the key, and is another one each time', () => {
  const sealed = Array.from({ length: 100 }, () => box.seal(secret, ID))
  assert.equal(new Set(sealed).size, 100)
  for (const text of sealed) {
    assert.match(text, /^sealed:[0-9a-f]{12}:[A-Za-z0-9+/]+={0,2}$/)
    assert.ok(text.startsWith(box.prefix))
    assert.ok(!text.includes(secret.slice(6, 20)) && !text.includes(KEY.slice(0, 8)))
  }
})

test('any change of a sealed text is noticed', () => {
  const sealed = box.seal(secret, ID)
  const start = box.prefix.length
  for (let at = start; at < sealed.length - 4; at++) {
    const letter = sealed[at] === 'A' ? 'B' : 'A'
    refusedFor('damaged', () => box.open(sealed.slice(0, at) + letter + sealed.slice(at + 1), ID))
  }
  for (const cut of ['', 'AAAA', sealed.slice(start, -8)]) {
    refusedFor('damaged', () => box.open(box.prefix + cut, ID))
  }
})

test('the newest key seals, and those before it open what they sealed', () => {
  const older = createSecretBox([OTHER], randomBytes).seal(secret, ID)
  const both = createSecretBox([KEY, OTHER], randomBytes)
  assert.equal(both.open(older, ID), secret)
  assert.equal(box.open(both.seal(secret, ID), ID), secret)
  assert.equal(both.prefix, box.prefix)
})

test('a secret in clear opens as what it is, with and without a key', () => {
  for (const any of [box, CLEAR_BOX, createSecretBox([], randomBytes)]) assert.equal(any.open(secret, ID), secret)
  assert.equal(CLEAR_BOX.seal(secret, ID), secret)
  assert.equal(openedOrNull(CLEAR_BOX, box.seal(secret, ID), ID), null)
})

test('no reason has anything of a secret or a key in it', () => {
  const sealed = box.seal(secret, ID)
  for (const any of [CLEAR_BOX, createSecretBox([OTHER], randomBytes)]) {
    try {
      any.open(sealed, ID)
      assert.fail()
    } catch (error) {
      const text = `${error} ${(error as Error).stack}`
      assert.ok(
        !text.includes(sealed.slice(20)) && !text.includes(secret) && !text.includes(OTHER) && !text.includes(KEY),
      )
    }
  }
})
