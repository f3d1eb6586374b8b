import assert from 'node:assert/strict'
import { createHmac, createPublicKey, verify } from 'node:crypto'
import { test } from 'node:test'
import { Webhook } from 'standardwebhooks'
import { type StoredAuth, sealedAuth } from '../../../src/core/delivery/credentials/listener-auth.ts'
import { makePrivateKey, publicKeyOf } from '../../../src/core/delivery/credentials/private-key.ts'
import type { LeasedDelivery } from '../../../src/core/delivery/delivery.ts'
import type { Pushed } from '../../../src/core/delivery/listener.ts'
import { type StoredHeaders, sealedHeaders } from '../../../src/core/delivery/listener-headers.ts'
import { CLEAR_BOX, createSecretBox } from '../../../src/core/tenant/secret-box.ts'
import { OVERLAP_MS, rotated } from '../../../src/core/tenant/secret-rotation.ts'
import { asText, privateKeyText } from '../../../src/core/tenant/signing-secrets.ts'
import { headersOf as headersIn } from '../../../src/engine/client/http1/request-text.ts'
import { deliveryRequest, targetOf, unsigned } from '../../../src/engine/push/delivery-request.ts'
import { createMake } from '../../store/make.ts'
import { predictableBytes } from '../../support/predictable-bytes.ts'

/** The verifier reads the wall clock and refuses what is older than five minutes. */
const NOW = Date.now()

const make = createMake()
const organization = make.organization()
const queue = make.queue(organization)
const notifyUrl = 'http://127.0.0.1:8080/hooks/in?source=discue&x=%20'
const listener: Pushed = { ...make.listener(queue), notifyUrl }

function deliveryOf(data: string, what: Partial<LeasedDelivery> = {}): LeasedDelivery {
  const message = { ...make.message(queue, { data }), sequence: 1 }
  return {
    listenerId: listener.id,
    message,
    dueAt: NOW,
    attempts: 0,
    attemptsBefore: 0,
    firstSentAt: null,
    orderNumber: null,
    lease: 1,
    ...what,
  }
}

function requestFor(delivery: LeasedDelivery, to: Pushed = listener, { now = NOW, box = CLEAR_BOX } = {}) {
  const target = targetOf(to, box)
  const request = deliveryRequest(delivery, { listener: to, target, userAgent: 'discue/1.2.3', now })
  assert.ok(request)
  return { ...request, body: request.body ?? '' }
}

/** The flat list as pairs; a name that is there twice fails. */
function headersOf(request: { fields?: string; headers: readonly string[] }): Record<string, string> {
  const [headers, pairs] = [headersIn(request), [] as [string, string][]]
  for (let at = 0; at < headers.length; at += 2) pairs.push([headers[at]!, headers[at + 1]!])
  assert.equal(new Set(pairs.map(([name]) => name)).size, pairs.length)
  return Object.fromEntries(pairs)
}

test('a request has the headers of the contract, and no other', () => {
  const delivery = deliveryOf('{"order":1}', { attempts: 2, firstSentAt: NOW - 5_000 })
  const { 'webhook-signature': signature, ...headers } = headersOf(requestFor(delivery))
  assert.deepEqual(headers, {
    'content-type': 'application/json',
    accept: '*/*',
    'user-agent': 'discue/1.2.3',
    'webhook-id': delivery.message.id,
    'webhook-timestamp': String(Math.floor(NOW / 1000)),
    'discue-queue': queue.id,
    'discue-listener': listener.id,
    'discue-attempt': '3',
    'discue-first-sent-at': String(NOW - 5_000),
  })
  assert.match(signature!, /^v1,[A-Za-z0-9+/]{43}=$/)
})

test('the first attempt says that it is the first, and that it is sent now', () => {
  const headers = headersOf(requestFor(deliveryOf('x')))
  assert.deepEqual([headers['discue-attempt'], headers['discue-first-sent-at']], ['1', String(NOW)])
})

test("the listener's own headers come as it wrote them", () => {
  const headers = { 'X-Tenant': 'shop', authorization: 'Bearer x' }
  const sent = headersOf(requestFor(deliveryOf('x'), { ...listener, settings: { ...listener.settings, headers } }))
  assert.deepEqual([sent['X-Tenant'], sent.authorization], ['shop', 'Bearer x'])
})

test('any answer will do, unless the listener wants one of its own kind', () => {
  const headers = { Accept: 'application/json' }
  const sent = headersOf(requestFor(deliveryOf('x'), { ...listener, settings: { ...listener.settings, headers } }))
  assert.deepEqual([sent.Accept, sent.accept], ['application/json', undefined])
})

test('the body is the data, to the last character', () => {
  for (const data of ['', ' {"a" : 1} \n', 'ünïcödé ✓', '\u0000', '🙂'])
    assert.equal(requestFor(deliveryOf(data)).body, data)
})

test('it goes to where the listener says, with the time that the listener allows', () => {
  const request = requestFor(deliveryOf('x'), { ...listener, settings: { ...listener.settings, timeoutMs: 1_234 } })
  assert.deepEqual(
    [request.origin, request.path, request.timeoutMs],
    ['http://127.0.0.1:8080', '/hooks/in?source=discue&x=%20', 1_234],
  )
})

test('a URL without a path means the root, and its fragment is not sent', () => {
  assert.equal(targetOf({ ...listener, notifyUrl: 'https://example.com' }, CLEAR_BOX).path, '/')
  assert.equal(targetOf({ ...listener, notifyUrl: 'https://example.com/a?b#c' }, CLEAR_BOX).path, '/a?b')
  assert.equal(
    targetOf({ ...listener, notifyUrl: 'https://example.com:8443/' }, CLEAR_BOX).origin,
    'https://example.com:8443',
  )
})

test('the content type is JSON where the data parses as JSON, else plain text', () => {
  for (const data of ['{}', '[1]', '"text"', '12', '-0.5', 'true', 'null', ' {"a":1}\n']) {
    assert.equal(headersOf(requestFor(deliveryOf(data)))['content-type'], 'application/json', data)
  }
  for (const data of ['', 'hello', '{', '{"a":1}}', "{'a':1}", 'nul', '1.', '\u00a0{}', '<a/>']) {
    assert.equal(headersOf(requestFor(deliveryOf(data)))['content-type'], 'text/plain; charset=utf-8', data)
  }
})

test('the signature holds for an independent verifier of the specification', () => {
  for (const data of ['{"order":1}', 'plain text', 'ünïcödé ✓ 🙂', 'a\u0000b', '']) {
    const request = requestFor(deliveryOf(data))
    const verifier = new Webhook(listener.secret)
    assert.doesNotThrow(() => verifier.verify(request.body, headersOf(request), { jsonParse: false }), data)
  }
})

test('it is sent by the method that the listener wants', () => {
  for (const method of ['POST', 'PUT', 'PATCH', 'DELETE'] as const) {
    const request = requestFor(deliveryOf('{"order":1}'), { ...listener, settings: { ...listener.settings, method } })
    assert.deepEqual([request.method, request.body], [method, '{"order":1}'])
    assert.ok(holdsFor(listener.secret, request), method)
  }
})

test('bytes are sent and signed as they are, by the type that was given or the one of unknown bytes', () => {
  const bytes = Buffer.from([0, 0xff, 0x0d, 0x0a, 0xc3, 0x28])
  for (const size of [0, 6, 1_500]) {
    const body = Buffer.concat(Array.from({ length: size / 6 }, () => bytes))
    const delivery = deliveryOf(body.toString('base64'))
    const message = { ...delivery.message, mediaType: 'image/png;base64' }
    const request = requestFor({ ...delivery, message })
    const headers = headersOf(request)
    assert.deepEqual([request.body, headers['content-type']], [body, 'image/png'])
    // By hand: the library makes a text of the body first.
    const key = Buffer.from(listener.secret.slice('whsec_'.length), 'base64')
    const signed = createHmac('sha256', key).update(`${message.id}.${headers['webhook-timestamp']}.`).update(body)
    assert.equal(headers['webhook-signature'], `v1,${signed.digest('base64')}`)
  }
})

test('a text goes by the type that was given with it', () => {
  const delivery = deliveryOf('{"order":1}')
  const request = requestFor({ ...delivery, message: { ...delivery.message, mediaType: 'application/vnd.shop+json' } })
  assert.deepEqual([request.body, headersOf(request)['content-type']], ['{"order":1}', 'application/vnd.shop+json'])
})

test('with a private key the signature verifies by the public key alone, beside that of the secret where both are wanted', () => {
  const privateKey = makePrivateKey(predictableBytes('five'))
  const older = makePrivateKey(predictableBytes('six'))
  const x = Buffer.from(publicKeyOf(privateKey).slice('whpk_'.length), 'base64').toString('base64url')
  const publicKey = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' })
  for (const box of [CLEAR_BOX, createSecretBox(['a key of the operator'], predictableBytes('seven'))]) {
    const sealed = (text: string) => box.seal(text, listener.id)
    const secret = asText({ secret: sealed(listener.secret), privateKey: sealed(privateKey) })
    const retiredSecrets = [{ secret: privateKeyText(sealed(older)), until: NOW + 1 }]
    for (const signature of [['v1a'], ['v1', 'v1a']] as const) {
      const to: Pushed = { ...listener, secret, retiredSecrets, settings: { ...listener.settings, signature } }
      const request = requestFor(deliveryOf('{"order":1}'), to, { box })
      const headers = headersOf(request)
      const signatures = headers['webhook-signature']!.split(' ')
      assert.deepEqual(
        signatures.map((one) => one.split(',')[0]),
        [...signature, 'v1a'],
      )
      const given = Buffer.from(signatures[signature.length - 1]!.slice('v1a,'.length), 'base64')
      const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.{"order":1}`
      assert.ok(verify(null, Buffer.from(signed), publicKey, given))
      assert.equal(holdsFor(listener.secret, request), signature.length === 2)
      assert.equal(
        headersOf(requestFor(deliveryOf('1'), to, { box, now: NOW + 1 }))['webhook-signature']!.split(' ').length,
        signature.length,
      )
    }
  }
})

test('nothing is sent where one of the keys cannot be read', () => {
  const secret = asText({ secret: listener.secret, privateKey: 'sealed:0123456789ab:AAAA' })
  const to: Pushed = { ...listener, secret, settings: { ...listener.settings, signature: ['v1', 'v1a'] } }
  assert.equal(targetOf(to, CLEAR_BOX).keys, null)
})

test('GET carries no body and no type of one, and the signature is that of an empty body', () => {
  const to: Pushed = { ...listener, settings: { ...listener.settings, method: 'GET' } }
  const sent = { listener: to, target: targetOf(to, CLEAR_BOX), userAgent: 'discue/1.2.3', now: NOW }
  const request = deliveryRequest(deliveryOf('{"order":1}'), sent)!
  assert.deepEqual([request.method, request.body], ['GET', null])
  assert.equal(headersOf(request)['content-type'], undefined)
  assert.ok(holdsFor(listener.secret, { ...request, body: '' }))
  assert.ok(!holdsFor(listener.secret, { ...request, body: '{"order":1}' }))
})

test('the signature does not hold for another body, id, time or secret', () => {
  const request = requestFor(deliveryOf('{"order":1}'))
  const headers = headersOf(request)
  const verifier = new Webhook(listener.secret)
  const other = new Webhook(make.listener(queue).secret)
  assert.throws(() => verifier.verify('{"order":2}', headers))
  assert.throws(() => verifier.verify(request.body, { ...headers, 'webhook-id': 'another' }))
  assert.throws(() =>
    verifier.verify(request.body, { ...headers, 'webhook-timestamp': String(Math.floor(NOW / 1000) - 1) }),
  )
  assert.throws(() => other.verify(request.body, headers))
})

/** Whether a receiver that has only this secret takes the request. */
function holdsFor(
  secret: string,
  request: { body: string | Buffer; fields?: string; headers: readonly string[] },
): boolean {
  try {
    new Webhook(secret).verify(request.body, headersOf(request), { jsonParse: false })
    return true
  } catch {
    return false
  }
}

test('for a day after a rotation the old secret signs beside the new one, and then no more', () => {
  const fresh = make.listener(queue).secret
  const changed = { ...listener, ...rotated(listener, { secret: fresh }, NOW) }
  const during = requestFor(deliveryOf('{"order":1}'), changed, { now: NOW })
  assert.match(headersOf(during)['webhook-signature']!, /^v1,\S{44} v1,\S{44}$/)
  assert.deepEqual(
    [listener.secret, fresh].map((secret) => holdsFor(secret, during)),
    [true, true],
  )
  // The verifier goes by the wall clock, so it is the rotation that lies back.
  const before = { ...listener, ...rotated(listener, { secret: fresh }, NOW - OVERLAP_MS) }
  const afterwards = requestFor(deliveryOf('{"order":1}'), before, { now: NOW })
  assert.match(headersOf(afterwards)['webhook-signature']!, /^v1,\S{44}$/)
  assert.deepEqual(
    [listener.secret, fresh].map((secret) => holdsFor(secret, afterwards)),
    [false, true],
  )
})

test('a second rotation within the day ends the first secret at once: two secrets sign', () => {
  const [second, third] = [make.listener(queue).secret, make.listener(queue).secret]
  const once = { ...listener, ...rotated(listener, { secret: second }, NOW - 1_000) }
  const twice = { ...once, ...rotated(once, { secret: third }, NOW) }
  const request = requestFor(deliveryOf('x'), twice)
  assert.deepEqual(
    [listener.secret, second, third].map((secret) => holdsFor(secret, request)),
    [false, true, true],
  )
  const later = requestFor(deliveryOf('x'), {
    ...twice,
    retiredSecrets: twice.retiredSecrets.map((one) => ({ ...one, until: one.until - OVERLAP_MS })),
  })
  assert.deepEqual(
    [listener.secret, second, third].map((secret) => holdsFor(secret, later)),
    [false, false, true],
  )
})

test('of the retired secrets that an older version kept only the newest signs', () => {
  const [second, third] = [make.listener(queue).secret, make.listener(queue).secret]
  const retiredSecrets = [second, listener.secret].map((secret) => ({ secret, until: NOW + OVERLAP_MS }))
  const request = requestFor(deliveryOf('x'), { ...listener, secret: third, retiredSecrets })
  assert.deepEqual(
    [listener.secret, second, third].map((secret) => holdsFor(secret, request)),
    [false, true, true],
  )
})

test('an encrypted secret signs like one in clear', () => {
  const box = createSecretBox(['k'.repeat(32)], predictableBytes())
  const sealed = { ...listener, secret: box.seal(listener.secret, listener.id) }
  assert.notEqual(sealed.secret, listener.secret)
  assert.ok(holdsFor(listener.secret, requestFor(deliveryOf('x'), sealed, { box })))
})

test('headers that are encrypted are sent in clear, and one that cannot be read keeps the whole request back', () => {
  const box = createSecretBox(['k'.repeat(32)], predictableBytes())
  const other = createSecretBox(['o'.repeat(32)], predictableBytes())
  const withHeaders = (sealing: typeof box): Pushed => {
    const headers = sealedHeaders(sealing, listener.id, { 'X-Tenant': 'shop' }) as StoredHeaders
    return { ...listener, settings: { ...listener.settings, headers: { ...headers, 'x-clear': 'yes' } } }
  }
  assert.deepEqual(targetOf(withHeaders(box), box).headers, ['X-Tenant', 'shop', 'x-clear', 'yes'])
  for (const [sealing, opening] of [
    [other, box],
    [box, CLEAR_BOX],
  ] as const) {
    const target = targetOf(withHeaders(sealing), opening)
    assert.deepEqual([target.keys, target.headers], [null, []])
    const to = { listener, target, userAgent: 'discue/test', now: NOW }
    assert.equal(deliveryRequest(deliveryOf('x'), to), null)
  }
})

test('authentication that is the same for all is sent with each delivery, in place of any header of that name', () => {
  const requestWith = (auth: StoredAuth) => {
    const settings = { ...listener.settings, headers: { Authorization: 'of the listener' }, auth }
    const message = { ...deliveryOf('1').message, headers: JSON.stringify({ AUTHORIZATION: 'of the message' }) }
    return requestFor(deliveryOf('1', { message }), { ...listener, settings })
  }
  const basic = requestWith({ type: 'basic', username: 'a', secret: 'b' })
  assert.deepEqual([basic.headers, basic.tokenAsk], [['authorization', 'Basic YTpi'], null])
  const bearer = requestWith({ type: 'bearer', secret: 't' })
  assert.deepEqual([bearer.headers, bearer.tokenAsk], [['authorization', 'Bearer t'], null])
  const client = { clientId: 'a', scopes: [], audience: null, style: 'basic', secret: 'b' } as const
  const oauth = requestWith({ type: 'oauth2', tokenUrl: 'http://login.test/', ...client })
  assert.equal(oauth.tokenAsk?.organizationId, listener.organizationId)
  const box = createSecretBox(['k'.repeat(32)], predictableBytes())
  const sealed = sealedAuth<StoredAuth>(box, listener.id, { type: 'bearer', secret: 't' })
  const target = targetOf({ ...listener, settings: { ...listener.settings, auth: sealed } }, CLEAR_BOX)
  assert.equal(deliveryRequest(deliveryOf('1'), { listener, target, userAgent: 'discue/test', now: NOW }), null)
})

test('what cannot be signed is not sent, but for a retired secret, which is passed over', () => {
  const other = createSecretBox(['o'.repeat(32)], predictableBytes())
  const unreadable = { ...listener, secret: other.seal(listener.secret, listener.id) }
  const to = { listener: unreadable, target: targetOf(unreadable, CLEAR_BOX), userAgent: 'discue/test', now: NOW }
  assert.equal(deliveryRequest(deliveryOf('x'), to), null)
  assert.deepEqual([unsigned(NOW).error, unsigned(NOW).status], ['secret_unreadable', null])
  const fresh = make.listener(queue).secret
  const replaced = { ...unreadable, ...rotated(unreadable, { secret: fresh }, NOW) }
  assert.ok(holdsFor(fresh, requestFor(deliveryOf('x'), replaced)))
})

test("a message's headers are sent, below the listener's own, whatever case they are in", () => {
  const headers = JSON.stringify({ 'x-order': '17', 'X-Tenant': 'of the message', Accept: 'text/html' })
  const message = { ...deliveryOf('1').message, headers }
  const settings = { ...listener.settings, headers: { 'x-tenant': 'of the listener' } }
  const sent = headersOf(requestFor(deliveryOf('1', { message }), { ...listener, settings }))
  assert.deepEqual([sent['x-order'], sent['x-tenant'], sent['X-Tenant']], ['17', 'of the listener', undefined])
  assert.deepEqual([sent.Accept, sent.accept], ['text/html', undefined])
  const own = { ...listener.settings, headers: { accept: 'text/plain' } }
  const both = headersOf(requestFor(deliveryOf('1', { message }), { ...listener, settings: own }))
  assert.deepEqual([both.accept, both.Accept], ['text/plain', undefined])
})
