import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { afterEach, beforeEach, mock, test } from 'node:test'
import fc from 'fast-check'
import { Webhook } from 'standardwebhooks'
import { makeSecret, SigningKey, secretFault, sign } from '../../../src/core/delivery/signature.ts'

// Every run tries the same texts and numbers, so that a failure can be repeated.
fc.configureGlobal({ seed: 48 })

const NOW = 1_700_000_000_000
const timestamp = NOW / 1_000
const SECRET = `whsec_${Buffer.alloc(24, 7).toString('base64')}`
const OTHER_SECRET = `whsec_${Buffer.alloc(32, 9).toString('base64')}`

// The verifier refuses a timestamp that is far from its own clock.
beforeEach(() => mock.timers.enable({ apis: ['Date'], now: NOW }))
afterEach(() => mock.timers.reset())

function headersOf(signature: string, id = 'msg1'): Record<string, string> {
  return { 'webhook-id': id, 'webhook-timestamp': String(timestamp), 'webhook-signature': signature }
}

/** As the independent verifier of the specification judges it. */
function verifies(secret: string, body: string, headers: Record<string, string>): boolean {
  try {
    new Webhook(secret).verify(Buffer.from(body), headers, { jsonParse: false })
    return true
  } catch {
    return false
  }
}

test('the verifier of the specification accepts the signature', () => {
  const body = '{"order":1}'
  const signature = sign([new SigningKey(SECRET)], { id: 'msg1', timestamp, body })
  assert.match(signature, /^v1,[A-Za-z0-9+/]{43}=$/)
  assert.deepEqual(new Webhook(SECRET).verify(body, headersOf(signature)), { order: 1 })
})

test('the signature is the one that the verifier would make itself, for any id and body', () => {
  const bodies = fc.oneof(fc.string(), fc.string({ unit: 'grapheme' }), fc.json())
  fc.assert(
    fc.property(fc.stringMatching(/^[0-9A-Za-z]{21}$/), bodies, (id, body) => {
      const signature = sign([new SigningKey(SECRET)], { id, timestamp, body })
      assert.equal(signature, new Webhook(SECRET).sign(id, new Date(NOW), body))
    }),
  )
})

test('a body may be of any length, and one after another is signed as if it were the first', () => {
  const key = new SigningKey(SECRET)
  for (const length of [0, 1, 300, 320, 340, 990, 1_000, 1_010, 5_000, 200_000, 3]) {
    for (const letter of ['x', 'ü', '€', '😀']) {
      const body = letter.repeat(length)
      assert.equal(sign([key], { id: 'msg1', timestamp, body }), new Webhook(SECRET).sign('msg1', new Date(NOW), body))
    }
  }
})

test('another body, id, time or secret does not verify', () => {
  const signature = sign([new SigningKey(SECRET)], { id: 'msg1', timestamp, body: '{}' })
  assert.ok(verifies(SECRET, '{}', headersOf(signature)))
  assert.equal(verifies(SECRET, '{ }', headersOf(signature)), false)
  assert.equal(verifies(SECRET, '{}', headersOf(signature, 'msg2')), false)
  assert.equal(verifies(SECRET, '{}', { ...headersOf(signature), 'webhook-timestamp': String(timestamp + 1) }), false)
  assert.equal(verifies(OTHER_SECRET, '{}', headersOf(signature)), false)
})

test('two keys sign side by side, and a receiver that has either of them is content', () => {
  const signature = sign([new SigningKey(SECRET), new SigningKey(OTHER_SECRET)], { id: 'msg1', timestamp, body: '{}' })
  assert.match(signature, /^v1,\S{44} v1,\S{44}$/)
  assert.ok(verifies(SECRET, '{}', headersOf(signature)))
  assert.ok(verifies(OTHER_SECRET, '{}', headersOf(signature)))
})

test('a body of text with unusual characters verifies as the bytes that are sent', () => {
  for (const body of ['', 'zażółć 🙂', 'a\u0000b', '"\\"', 'x'.repeat(256 * 1024)]) {
    const signature = sign([new SigningKey(SECRET)], { id: 'msg1', timestamp, body })
    assert.ok(verifies(SECRET, body, headersOf(signature)), body.slice(0, 20))
  }
})

test('a fresh secret is whsec_ and 24 random bytes, and is good enough for itself', () => {
  const secret = makeSecret(randomBytes)
  assert.match(secret, /^whsec_[A-Za-z0-9+/]{32}$/)
  assert.notEqual(secret, makeSecret(randomBytes))
  assert.equal(secretFault(secret), null)
})

for (const size of [24, 25, 32, 64]) {
  test(`a secret of ${size} bytes is accepted`, () => {
    assert.equal(secretFault(`whsec_${Buffer.alloc(size, 250).toString('base64')}`), null)
  })
}

const refused = {
  'an empty text': '',
  'the prefix alone': 'whsec_',
  'no prefix': Buffer.alloc(24).toString('base64'),
  'another prefix': `WHSEC_${Buffer.alloc(24).toString('base64')}`,
  '23 bytes': `whsec_${Buffer.alloc(23).toString('base64')}`,
  '65 bytes': `whsec_${Buffer.alloc(65).toString('base64')}`,
  'padding left out': `whsec_${Buffer.alloc(25, 1).toString('base64').replaceAll('=', '')}`,
  'the alphabet of URLs': `whsec_${Buffer.alloc(24, 255).toString('base64url')}`,
  'white space': `whsec_${Buffer.alloc(24).toString('base64')} `,
  'characters that are not base64': `whsec_${'!'.repeat(32)}`,
}
for (const [what, secret] of Object.entries(refused)) {
  test(`a secret with ${what} is refused, and the fault says what is allowed`, () => {
    assert.equal(secretFault(secret), 'must be "whsec_" followed by the base64 of 24 to 64 bytes')
  })
}

test('every secret that is accepted signs so that the verifier accepts it', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 24, maxLength: 64 }), (bytes) => {
      const secret = `whsec_${Buffer.from(bytes).toString('base64')}`
      assert.equal(secretFault(secret), null)
      assert.ok(
        verifies(secret, '{}', headersOf(sign([new SigningKey(secret)], { id: 'msg1', timestamp, body: '{}' }))),
      )
    }),
  )
})
