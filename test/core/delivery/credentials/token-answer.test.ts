import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Outcome } from '../../../../src/core/delivery/attempt.ts'
import { type ClientCredentials, tokenRequest } from '../../../../src/core/delivery/credentials/listener-auth.ts'
import { readTokenAnswer } from '../../../../src/core/delivery/credentials/token-answer.ts'

const SECRET = 'hunter2 hunter2'
const answer = (body: unknown, what: Partial<Outcome> = {}): Outcome => ({
  ...{ startedAt: 0, durationMs: 1, status: 200, error: null, directive: null },
  ...{ response: typeof body === 'string' ? body : JSON.stringify(body), ...what },
})
const CLIENT: ClientCredentials<string> = {
  ...{ type: 'oauth2', tokenUrl: 'https://login.test/token', clientId: 'a:b', secret: SECRET },
  ...{ scopes: [], audience: null, style: 'basic' },
}
const read = (body: unknown, what?: Partial<Outcome>, sent = CLIENT) => readTokenAnswer(answer(body, what), sent)
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

/** Values of every kind that JSON has, some of which cannot be made a text. */
const kinds = fc.oneof(
  fc.json(),
  fc.constantFrom('{"toString":null}', '{"toString":null,"valueOf":null}', '{"__proto__":{"toString":null}}'),
  fc.constantFrom('1e400', '-0', 'true', 'null', '[]', '{}', '"\\ud800"'),
  fc.constant('['.repeat(25_000) + ']'.repeat(25_000)),
)

test('whatever kind of value stands where a text or a number should, the answer is a token or a fault', () => {
  const names = ['access_token', 'token_type', 'expires_in', 'error', 'error_description']
  const values = fc.tuple(fc.oneof(fc.constant('"t"'), kinds), kinds, kinds, kinds, kinds)
  fc.assert(
    fc.property(values, fc.subarray(names), fc.constantFrom(200, 400, 500), (said, present, status) => {
      const members = present.map((name) => `"${name}":${said[names.indexOf(name)]}`)
      const found = read(`{${members.join()}}`, { status })
      assert.ok('fault' in found ? found.fault.length < 400 : found.usableMs >= 0)
    }),
  )
})

test('a secret is not shown in any way in which it was sent, or can be written in JSON', () => {
  const secret = fc.string({
    unit: fc.constantFrom('"', '\\', '%', '+', ' ', '/', 'a', 'Z', '=', '&', '~'),
    minLength: 6,
    maxLength: 40,
  })
  const escaped = (text: string) =>
    text.replace(/./g, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`)
  fc.assert(
    fc.property(secret, fc.constantFrom('basic', 'body'), fc.constantFrom(400, 401, 500), (secret, style, status) => {
      const sent = { ...CLIENT, secret, style } as ClientCredentials<string>
      const { headers, body } = tokenRequest(sent)
      const repeated = [secret, encodeURIComponent(secret), JSON.stringify({ client_secret: secret }), body, ...headers]
      for (const words of repeated) {
        const quoted = JSON.stringify(words).slice(1, -1)
        for (const text of [quoted, escaped(words)]) {
          const found = read(`{"error":"invalid_client","error_description":"no ${text}"}`, { status }, sent)
          assert.ok('fault' in found)
          if (writes(words, sent)) assert.equal(found.fault, `the token URL answered ${status}: invalid_client`)
          assert.deepEqual(read(`{"error":"${text}"}`, { status }, sent), { fault: `the token URL answered ${status}` })
        }
      }
    }),
  )

  /** Whether these words hold the secret, and not only what stands beside it in the request. */
  function writes(words: string, { clientId, secret: own, style }: ClientCredentials<string>): boolean {
    if (words === own || words === encodeURIComponent(own) || words.includes('client_secret')) return true
    return style === 'basic' && words.startsWith('Basic ') && clientId !== ''
  }
})

test('what was sent to the endpoint is not shown where it comes back as no HTTP', () => {
  const what = { status: null, error: 'invalid_response', response: `got client_secret=${SECRET}` } as const
  assert.deepEqual(read('', what), { fault: 'the token URL could not be asked (invalid_response)' })
})
