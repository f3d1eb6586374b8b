import assert from 'node:assert/strict'
import { test } from 'node:test'
import { publicKeyOf } from '../../../../src/core/delivery/credentials/private-key.ts'
import { secretsIn } from '../../../../src/core/tenant/signing-secrets.ts'
import { type Json, OWNER_KEY, sharedApi } from '../../../support/server/api.ts'

const api = await sharedApi()
const queue = (await api.call('POST', '/v1/queues', { name: 'q' })).body.queue
const base = `/v1/queues/${queue.id}/listeners`
const PRIVATE = `whsk_${Buffer.alloc(32, 7).toString('base64')}`
const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`

let names = 0
async function make(body: object): Promise<Json> {
  const answer = await api.call('POST', base, { name: `l${names++}`, notify_url: 'https://example.com', ...body })
  assert.equal(answer.status, 200, JSON.stringify(answer.body))
  return answer.body.listener
}
const read = async (id: string) => (await api.call('GET', `${base}/${id}`)).body.listener
const change = async (id: string, body: object) => {
  const answer = await api.call('PATCH', `${base}/${id}`, body)
  assert.equal(answer.status, 200, JSON.stringify(answer.body))
  return answer.body.listener
}
/** What is stored, which is in clear here. */
const stored = async (id: string) => {
  const { secret, retiredSecrets } = (await api.store.listeners.find(id))!
  return { ...secretsIn(secret), retired: retiredSecrets.map((one) => secretsIn(one.secret)) }
}

test('a listener signs by a secret unless told, and has no public key', async () => {
  const made = await make({})
  assert.match(made.secret, /^whsec_/)
  const { signature, public_key } = await read(made.id)
  assert.deepEqual([signature, public_key, made.public_key], ['v1', undefined, undefined])
  assert.equal((await stored(made.id)).privateKey, null)
})

test('with v1a it tells its public key wherever it is shown, and a private key never', async () => {
  const { id, public_key, secret } = await make({ signature: 'v1a' })
  assert.match(public_key, /^whpk_[A-Za-z0-9+/]{43}=$/)
  assert.equal(secret, undefined)
  const shown = await read(id)
  assert.deepEqual([shown.signature, shown.public_key], ['v1a', public_key])
  const listed = (await api.call('GET', `${base}?_embed`)).body._embedded.listeners
  assert.equal(listed.find((one: Json) => one.id === id).public_key, public_key)
  assert.equal(publicKeyOf((await stored(id)).privateKey!), public_key)
  assert.ok(!JSON.stringify([shown, listed]).includes('whsk_'))
})

test('one of its own is taken as secret where it is alone, and as private_key beside a secret', async () => {
  const alone = await make({ signature: 'v1a', secret: PRIVATE })
  assert.deepEqual([alone.public_key, alone.secret], [publicKeyOf(PRIVATE), undefined])
  const both = await make({ signature: ['v1a', 'v1'], secret: SECRET, private_key: PRIVATE })
  assert.deepEqual([both.public_key, both.secret], [publicKeyOf(PRIVATE), SECRET])
  assert.deepEqual((await read(both.id)).signature, ['v1', 'v1a'])
  assert.deepEqual(await stored(both.id), { secret: SECRET, privateKey: PRIVATE, retired: [] })
})

test('each of two is rotated by itself, and the one before it is kept for a day', async () => {
  const { id, public_key } = await make({ signature: ['v1', 'v1a'], secret: SECRET, private_key: PRIVATE })
  const first = await change(id, { secret: 'rotate' })
  assert.match(first.secret, /^whsec_/)
  assert.equal(first.public_key, public_key)
  const second = await change(id, { private_key: 'rotate' })
  assert.equal(second.secret, undefined)
  assert.notEqual(second.public_key, public_key)
  const { secret, privateKey, retired } = await stored(id)
  assert.deepEqual([secret, publicKeyOf(privateKey!)], [first.secret, second.public_key])
  assert.deepEqual(retired, [
    { secret: null, privateKey: PRIVATE },
    { secret: SECRET, privateKey: null },
  ])
  const third = await change(id, { private_key: 'rotate' })
  const kept = (await stored(id)).retired
  assert.deepEqual([kept.length, publicKeyOf(kept[0]!.privateKey!)], [2, second.public_key])
  assert.notEqual(third.public_key, second.public_key)
})

test('where v1a is alone, rotating the secret rotates the private key', async () => {
  const { id, public_key } = await make({ signature: 'v1a' })
  const rotated = await change(id, { secret: 'rotate' })
  assert.notEqual(rotated.public_key, public_key)
  assert.equal(rotated.secret, undefined)
})

test('what it needs for the first time is made, and what it no longer needs is gone', async () => {
  const { id } = await make({})
  const both = await change(id, { signature: ['v1', 'v1a'] })
  assert.match(both.public_key, /^whpk_/)
  assert.equal(both.secret, undefined)
  assert.deepEqual(await change(id, { ...both, name: 'renamed' }), { ...both, name: 'renamed' })
  const alone = await change(id, { signature: 'v1a' })
  assert.equal(alone.public_key, both.public_key)
  const back = await change(id, { signature: 'v1' })
  assert.match(back.secret, /^whsec_/)
  assert.equal(back.public_key, undefined)
  const { privateKey, retired } = await stored(id)
  assert.deepEqual([privateKey, retired.filter((one) => one.privateKey !== null)], [null, []])
})

test('changes at the same time leave it with the keys that it signs by', async () => {
  const { id } = await make({})
  const bodies = [{ signature: 'v1a' }, { signature: ['v1', 'v1a'] }, { secret: 'rotate' }, { signature: 'v1a' }]
  await Promise.all(bodies.map((body) => api.call('PATCH', `${base}/${id}`, body)))
  const { signature, public_key } = await read(id)
  const { privateKey } = await stored(id)
  assert.equal(privateKey === null, signature === 'v1')
  if (privateKey !== null) assert.equal(public_key, publicKeyOf(privateKey))
})

const WRONG: [what: string, body: object, path: string, message: RegExp][] = [
  ['another version', { signature: 'v2' }, '/signature', /v1, v1a, or both/],
  ['no version', { signature: [] }, '/signature', /v1, v1a, or both|at least/],
  ['a private key as the secret of v1', { secret: PRIVATE }, '/secret', /must be whsec_/],
  ['a secret as the key of v1a', { signature: 'v1a', secret: SECRET }, '/secret', /must be whsk_/],
  ['a private key without v1a', { private_key: PRIVATE }, '/private_key', /signature v1a/],
  ['two for one', { signature: 'v1a', secret: PRIVATE, private_key: PRIVATE }, '/private_key', /cannot be combined/],
  ['a key that is too short', { signature: 'v1a', secret: 'whsk_AAAA' }, '/secret', /must be "whsk_"/],
]
for (const [what, body, path, message] of WRONG) {
  test(`${what} is refused, in words that show no key`, async () => {
    const { status, body: answer } = await api.call('POST', base, { name: `w${names++}`, ...body })
    assert.deepEqual([status, answer.errors?.[0].path], [422, path], JSON.stringify(answer))
    assert.match(answer.errors[0].message, message)
    assert.ok(!JSON.stringify(answer).includes(PRIVATE.slice(10)))
  })
}

test('a repeated request tells the public key again, and no secret', async () => {
  const send = () =>
    api.inject({
      method: 'POST',
      url: base,
      headers: { 'x-api-key': OWNER_KEY, 'content-type': 'application/json', 'idempotency-key': 'once' },
      payload: JSON.stringify({ name: 'once', notify_url: 'https://example.com', signature: ['v1', 'v1a'] }),
    })
  const [first, again] = [(await send()).json().listener, (await send()).json().listener]
  assert.match(first.secret, /^whsec_/)
  assert.deepEqual(again, { id: first.id, name: 'once', public_key: first.public_key })
})
