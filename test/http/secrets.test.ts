import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createSecretBox } from '../../src/core/secret-box.ts'
import { OVERLAP_MS } from '../../src/core/secret-rotation.ts'
import { type Json, sharedApi } from '../support/api.ts'
import { predictableBytes } from '../support/predictable-bytes.ts'

const box = createSecretBox(['k'.repeat(32)], predictableBytes())
const api = await sharedApi({ secretBox: box })
const queue = (await api.call('POST', '/v1/queues', { name: 'q' })).body.queue
const base = `/v1/queues/${queue.id}/listeners`
const OWN = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'

async function created(name: string, more: Json = {}): Promise<{ id: string; secret: string }> {
  return (await api.call('POST', base, { name, notify_url: 'http://example.com', ...more })).body.listener
}

/** What is stored, opened. */
async function storedOf(id: string) {
  const found = await api.store.listeners.find(id)
  assert.ok(found)
  const texts = [found.secret, ...found.retiredSecrets.map(({ secret }) => secret)]
  assert.ok(texts.every((text) => text.startsWith('sealed:')))
  return { secrets: texts.map((text) => box.open(text, id)), untils: found.retiredSecrets.map(({ until }) => until) }
}

test('secrets are stored encrypted, and shown as they are', async () => {
  const made = await created('made')
  assert.match(made.secret, /^whsec_/)
  assert.deepEqual((await storedOf(made.id)).secrets, [made.secret])
  const brought = await created('brought', { secret: OWN })
  assert.equal(brought.secret, OWN)
  assert.deepEqual((await storedOf(brought.id)).secrets, [OWN])
})

test('a rotation shows the new secret and keeps the one before it for a day', async () => {
  const { id, secret } = await created('rotated')
  const { body } = await api.call('PUT', `${base}/${id}`, { secret: 'rotate' })
  const fresh = body.listener.secret
  assert.match(fresh, /^whsec_/)
  assert.deepEqual(await storedOf(id), { secrets: [fresh, secret], untils: [api.clock.now + OVERLAP_MS] })
  await api.call('PUT', `${base}/${id}`, { secret: OWN })
  assert.deepEqual((await storedOf(id)).secrets, [OWN, fresh], 'a second rotation ends the first secret at once')
})

test('the secret that a listener has already is no rotation, and is shown all the same', async () => {
  const { id } = await created('same', { secret: OWN })
  const { status, body } = await api.call('PUT', `${base}/${id}`, { secret: OWN })
  assert.deepEqual([status, body.listener.secret], [200, OWN])
  assert.deepEqual(await storedOf(id), { secrets: [OWN], untils: [] })
})

test('a listener shows nothing of its secrets when it is read, sealed or not', async () => {
  const { id } = await created('shown')
  await api.call('PUT', `${base}/${id}`, { secret: 'rotate' })
  for (const path of [`${base}/${id}`, `${base}?_embed`, '/v1/listeners?_embed', `/v1/queues/${queue.id}`]) {
    const text = JSON.stringify((await api.call('GET', path)).body)
    assert.ok(!/secret|sealed|whsec/.test(text), path)
  }
})

test('a secret that cannot be read can be replaced', async () => {
  const { id } = await created('unreadable')
  const other = createSecretBox(['o'.repeat(32)], predictableBytes())
  const address = { organizationId: api.organizations.first, queueId: queue.id, id }
  await api.store.listeners.update({ ...address, changes: { secret: other.seal(OWN, id) }, now: api.clock.now })
  const { status, body } = await api.call('PUT', `${base}/${id}`, { secret: 'rotate' })
  assert.equal(status, 200)
  const found = await api.store.listeners.find(id)
  assert.equal(box.open(found!.secret, id), body.listener.secret)
})
