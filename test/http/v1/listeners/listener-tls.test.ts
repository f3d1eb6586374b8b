import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createSecretBox } from '../../../../src/core/tenant/secret-box.ts'
import { predictableBytes } from '../../../support/predictable-bytes.ts'
import { sharedApi } from '../../../support/server/api.ts'
import { makeCertificate, makeExpiredCertificate, NO_OPENSSL } from '../../../support/server/certificate.ts'

const [own, other, expired] = [makeCertificate(), makeCertificate(), makeExpiredCertificate()]
const skip = own === null ? NO_OPENSSL : false
const secretBox = createSecretBox(['k'.repeat(32)], predictableBytes())
const [api, allowing] = [await sharedApi({ secretBox }), await sharedApi({ insecureTls: true })]
const notify_url = 'https://hook.test/in'

async function listenersOf(of: typeof api): Promise<string> {
  return `/v1/queues/${(await of.call('POST', '/v1/queues', { name: 'secured' })).body.queue.id}/listeners`
}

// Its clock stands at the beginning of 2026, before which no certificate of now is valid or has expired.
api.clock.now = Date.now()
const base = await listenersOf(api)

test('a certificate is shown, its key is not, and both are kept by what was read', { skip }, async () => {
  const created = await api.call('POST', base, { name: 'mutual', notify_url, tls: { ...own!, server_name: 'a.test' } })
  assert.equal(created.status, 200, JSON.stringify(created.body))
  const url = `${base}/${created.body.listener.id}`
  const { listener } = (await api.call('GET', url)).body
  assert.deepEqual(listener.tls, { ca: null, cert: own!.cert, key: '***', server_name: 'a.test', verify: true })
  const stored = async () => (await api.store.listeners.find(listener.id))!.settings.tls
  const before = await stored()
  assert.doesNotMatch(JSON.stringify(before), /PRIVATE KEY/)
  assert.equal((await api.call('PUT', url, listener)).status, 200)
  assert.deepEqual(await stored(), before)
  const swapped = await api.call('PUT', url, { tls: { ...listener.tls, cert: other!.cert } })
  assert.deepEqual(swapped.body.errors, [
    { path: '/tls/key', message: 'does not belong to the first certificate in cert' },
  ])
  assert.equal((await api.call('PUT', url, { tls: null })).body.listener.tls, null)
  const gone = await api.call('PUT', url, { tls: listener.tls })
  assert.deepEqual([gone.status, gone.body.errors[0].path], [422, '/tls/key'])
})

test('what cannot be used is refused, with its place and without the key', { skip }, async () => {
  const refused: [object, string][] = [
    [{ ca: 'x' }, '/tls/ca'],
    [{ cert: expired!.cert, key: expired!.key }, '/tls/cert'],
    [{ cert: own!.cert, key: other!.key }, '/tls/key'],
    [{ certificate: 'x' }, '/tls/certificate'],
    [{ verify: false }, '/tls/verify'],
    [{ verify: 'no' }, '/tls/verify'],
  ]
  for (const [tls, path] of refused) {
    const { status, body } = await api.call('POST', base, { name: 'refused', notify_url, tls })
    assert.deepEqual([status, body.errors?.[0].path], [422, path], JSON.stringify(body))
    assert.doesNotMatch(JSON.stringify(body), /PRIVATE KEY/)
  }
})

test('verify may be false where the operator allows it', async () => {
  const there = await listenersOf(allowing)
  const { body } = await allowing.call('POST', there, { name: 'lax', notify_url, tls: { verify: false } })
  assert.equal((await allowing.call('GET', `${there}/${body.listener.id}`)).body.listener.tls.verify, false)
})
