import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Outcome } from '../../../../src/core/delivery/attempt.ts'
import { readTokenAnswer } from '../../../../src/core/delivery/credentials/token-answer.ts'

const SECRET = 'hunter2 hunter2'
const answer = (body: unknown, what: Partial<Outcome> = {}): Outcome => ({
  ...{ startedAt: 0, durationMs: 1, status: 200, error: null, directive: null },
  ...{ response: typeof body === 'string' ? body : JSON.stringify(body), ...what },
})
const read = (body: unknown, what?: Partial<Outcome>) => readTokenAnswer(answer(body, what), SECRET)
const usable = (more: object) => read({ access_token: 't', token_type: 'Bearer', ...more })

test('a token is used until shortly before it expires, for five minutes where no time is told, and a day at most', () => {
  assert.deepEqual(usable({ expires_in: 3_600 }), { token: 't', usableMs: 3_570_000 })
  assert.deepEqual(usable({ expires_in: '3600' }), { token: 't', usableMs: 3_570_000 })
  assert.deepEqual(usable({ expires_in: 10 }), { token: 't', usableMs: 5_000 })
  assert.deepEqual(usable({ expires_in: 0 }), { token: 't', usableMs: 0 })
  for (const none of [{}, { expires_in: null }, { expires_in: -1 }, { expires_in: 'soon' }, { expires_in: {} }])
    assert.deepEqual(usable(none), { token: 't', usableMs: 270_000 })
  assert.deepEqual(usable({ expires_in: 1e300 }), { token: 't', usableMs: 86_370_000 })
})

test('what is no token, or none that can be sent, is a fault that says why', () => {
  const faults: [unknown, RegExp][] = [
    ['<html>', /no JSON object/],
    [[], /no JSON object/],
    [{ token: 't' }, /no access_token/],
    [{ access_token: 5 }, /no access_token/],
    [{ access_token: 't', token_type: 'mac' }, /another token_type/],
    [{ access_token: 'a\r\nx: y' }, /cannot be sent/],
    [{ access_token: 'a'.repeat(9_000) }, /cannot be sent/],
    ['x'.repeat(64 * 1024), /too long/],
  ]
  for (const [body, fault] of faults) {
    const found = read(body)
    assert.ok('fault' in found)
    assert.match(found.fault, fault)
  }
})

test('an error is told in the words of the endpoint, but never with the secret', () => {
  const refused = { error: 'invalid_client', error_description: 'no such\nclient' }
  assert.deepEqual(read(refused, { status: 401 }), {
    fault: 'the token URL answered 401: invalid_client: no such client',
  })
  assert.deepEqual(read('<html>', { status: 502 }), { fault: 'the token URL answered 502' })
  assert.deepEqual(read({ error: `what is ${SECRET}?` }, { status: 400 }), { fault: 'the token URL answered 400' })
  assert.deepEqual(read('', { status: 302 }), { fault: 'the token URL answered 302' })
  assert.deepEqual(read('nothing listens', { status: null, error: 'connection_refused' }), {
    fault: 'the token URL could not be asked (connection_refused): nothing listens',
  })
})

test('whatever comes, a fault never shows a token or the secret, and a token ends no header', () => {
  const token = fc.oneof(fc.string({ unit: 'binary' }), fc.constant('a-token-of-theirs'))
  const body = fc.oneof(
    fc.json(),
    fc.record({ access_token: token, expires_in: fc.anything(), token_type: fc.constantFrom('bearer', 'mac', 5) }),
    fc.record({ error: fc.string(), error_description: fc.constant(`${SECRET} a-token-of-theirs`) }),
  )
  fc.assert(
    fc.property(body, fc.constantFrom(200, 201, 400, 401, 500), (said, status) => {
      const found = read(said, { status })
      if ('fault' in found) assert.ok(!found.fault.includes(SECRET) && found.fault.length < 400)
      else assert.match(found.token, /^[\x21-\x7e]+$/)
    }),
  )
})
