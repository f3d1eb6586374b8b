import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createSecretBox } from '../../../../src/core/tenant/secret-box.ts'
import { predictableBytes } from '../../../support/predictable-bytes.ts'
import { OWNER_KEY, sharedApi } from '../../../support/server/api.ts'
import { makeCertificate, NO_OPENSSL } from '../../../support/server/certificate.ts'

type Json = Record<string, unknown>
const box = createSecretBox(['k'.repeat(32)], predictableBytes())
const api = await sharedApi({ secretBox: box })
// Its clock stands at the beginning of 2026, before which no certificate of now is valid.
api.clock.now = Date.now()
const queue = (await api.call('POST', '/v1/queues', { name: 'kept' })).body.queue
const base = `/v1/queues/${queue.id}/listeners`
const OURS = 'https://hook.test/in'
const ELSEWHERE = [
  'https://elsewhere.test/in',
  'http://hook.test/in',
  'https://hook.test:8443/in',
  'https://a.hook.test/in',
]

const auth = { type: 'bearer', token: 'hunter2' }
const oauth = { type: 'oauth2', token_url: 'https://login.test/token', client_id: 'a', client_secret: 'hunter2' }
const headers = { 'X-Tenant': 'hunter2' }
/** Null where no certificate can be made here. */
const tls = makeCertificate()
const SECRETS: { has: Json; kept: Json; path: string; gone: Json }[] = [
  { has: { auth }, kept: { auth: { ...auth, token: '***' } }, path: '/auth/token', gone: { auth: null } },
  {
    has: { auth: oauth },
    kept: { auth: { ...oauth, client_secret: '***' } },
    path: '/auth/client_secret',
    gone: { auth: null },
  },
  { has: { headers }, kept: { headers: { 'x-tenant': '***' } }, path: '/headers', gone: { headers: {} } },
  ...(tls === null
    ? []
    : [{ has: { tls }, kept: { tls: { ...tls, key: '***' } }, path: '/tls/key', gone: { tls: null } }]),
]

const API_KEY = { 'x-api-key': OWNER_KEY }

let made = 0
async function create(more: Json): Promise<string> {
  const { status, body } = await api.call('POST', base, { name: `l${made++}`, notify_url: OURS, ...more })
  assert.equal(status, 200, JSON.stringify(body))
  return body.listener.id
}
const put = (id: string, body: Json) => api.call('PUT', `${base}/${id}`, body)

test('a stored secret is sent to no other origin than the one that it was set for', async () => {
  for (const { has, kept, path, gone } of SECRETS) {
    const id = await create(has)
    const before = await api.store.listeners.find(id)
    for (const notify_url of ELSEWHERE) {
      for (const more of [{}, kept]) {
        const { status, body } = await put(id, { notify_url, ...more })
        assert.deepEqual([status, body.errors?.[0].path], [422, path], JSON.stringify(body))
        assert.match(body.errors[0].message, /another origin: send .* or (null|\{\}) to go without/)
      }
    }
    assert.deepEqual(await api.store.listeners.find(id), before, 'nothing of what was refused is stored')
    assert.equal((await put(id, { notify_url: `${OURS}/other`, ...kept })).status, 200)
    assert.equal((await put(id, { notify_url: ELSEWHERE[0], ...has })).status, 200, 'a client that knows it may')
    assert.equal((await put(id, { notify_url: OURS, ...gone })).status, 200)
    assert.equal((await put(id, { notify_url: ELSEWHERE[0] })).status, 200, 'there is none to be kept any more')
  }
})

test('no detour leads a stored secret elsewhere: by having the listener pull meanwhile, or by the other dialect', async () => {
  for (const { has, path } of SECRETS) {
    const id = await create(has)
    const { status, body } = await api.call('PUT', `${base.replace('/v1/', '/v2/')}/${id}`, {
      notify_url: ELSEWHERE[0],
    })
    assert.deepEqual([status, body.errors?.[0].path], [422, path], JSON.stringify(body))
    assert.equal((await put(id, { notify_url: null })).status, 200)
    assert.equal((await put(id, { notify_url: ELSEWHERE[0] })).status, 422)
    assert.equal((await put(id, { notify_url: OURS, ...has })).status, 200)
  }
})

test('a client certificate is shown to no other origin by way of the liveness_url', {
  skip: tls === null && NO_OPENSSL,
}, async () => {
  const id = await create({ tls, auth, headers })
  assert.equal((await put(id, { liveness_url: 'https://hook.test/live' })).status, 200)
  const { status, body } = await put(id, { liveness_url: ELSEWHERE[0] })
  assert.deepEqual([status, body.errors.map((one: Json) => one.path)], [422, ['/tls/key']])
  assert.match(body.errors[0].message, /liveness_url leads to another origin/)
  assert.equal((await put(id, { liveness_url: ELSEWHERE[0], tls })).status, 200)
})

test('a secret that is set while another client moves the listener does not go along', async () => {
  for (const ifMatch of [false, true]) {
    for (const { has, path } of SECRETS) {
      const id = await create({})
      const url = `${base}/${id}`
      const { etag } = (await api.inject({ method: 'GET', url, headers: API_KEY })).headers
      const { update } = api.store.listeners
      // The last moment: the move was judged by what was read.
      api.store.listeners.update = async (ask) => {
        api.store.listeners.update = update
        assert.equal((await put(id, has)).status, 200)
        return update(ask)
      }
      const sent = { ...API_KEY, ...(ifMatch && { 'if-match': String(etag) }) }
      const payload = { notify_url: ELSEWHERE[0] }
      const answer = await api.inject({ method: 'PUT', url, headers: sent, payload })
      if (ifMatch) assert.equal(answer.statusCode, 409, answer.body)
      else assert.deepEqual([answer.statusCode, answer.json().errors?.[0].path], [422, path], answer.body)
      assert.equal((await api.store.listeners.find(id))?.notifyUrl, OURS)
    }
  }
})
