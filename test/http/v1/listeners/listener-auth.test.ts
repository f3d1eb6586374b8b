import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PUBLIC_TARGETS } from '../../../../src/core/network/target.ts'
import { createSecretBox } from '../../../../src/core/tenant/secret-box.ts'
import { predictableBytes } from '../../../support/predictable-bytes.ts'
import { sharedApi, startApi } from '../../../support/server/api.ts'

type Json = Record<string, unknown>
const box = createSecretBox(['k'.repeat(32)], predictableBytes())
const api = await sharedApi({ secretBox: box })
const queue = (await api.call('POST', '/v1/queues', { name: 'authenticated' })).body.queue
const base = `/v1/queues/${queue.id}/listeners`
const notify_url = 'http://hook.test/in'
let made = 0

const BASIC = { type: 'basic', username: 'a', password: 'hunter2' }
const BEARER = { type: 'bearer', token: 'hunter2' }
const CLIENT = { client_id: 'a', client_secret: 'hunter2' }
const OAUTH = { type: 'oauth2', token_url: 'http://login.test/token', ...CLIENT }
const HIDDEN = { BASIC: { ...BASIC, password: '***' }, BEARER: { ...BEARER, token: '***' } }
const DEFAULTS = { scopes: [], audience: null, style: 'basic' }

async function create(more: Json): Promise<string> {
  const { status, body } = await api.call('POST', base, { name: `l${made++}`, notify_url, ...more })
  assert.equal(status, 200, JSON.stringify(body))
  return body.listener.id
}

const put = (id: string, body: Json) => api.call('PUT', `${base}/${id}`, body)
const shown = async (id: string) => (await api.call('GET', `${base}/${id}`)).body.listener.auth

test('authentication is shown without its secret, which is stored sealed', async () => {
  const shapes: [Json, Json][] = [
    [BASIC, HIDDEN.BASIC],
    [BEARER, HIDDEN.BEARER],
    [OAUTH, { ...OAUTH, client_secret: '***', ...DEFAULTS }],
    [
      { ...OAUTH, scopes: ['x', 'y'], audience: 'shop', style: 'body' },
      { ...OAUTH, client_secret: '***', scopes: ['x', 'y'], audience: 'shop', style: 'body' },
    ],
  ]
  for (const [asked, told] of shapes) {
    const id = await create({ auth: asked })
    assert.deepEqual(await shown(id), told)
    const stored = await api.store.listeners.find(id)
    assert.doesNotMatch(JSON.stringify(stored), /hunter2/)
    assert.match(JSON.stringify(stored?.settings.auth), /"sealed":"sealed:/)
    assert.doesNotMatch(JSON.stringify((await put(id, { timeout: 5_000 })).body), /hunter2/)
    assert.deepEqual(await shown(id), told)
  }
})

test('a listener that was read can be sent back, and keeps its secret', async () => {
  const id = await create({ auth: BASIC })
  const before = (await api.store.listeners.find(id))!.settings.auth
  const { listener } = (await api.call('GET', `${base}/${id}`)).body
  assert.equal((await put(id, listener)).status, 200)
  assert.deepEqual((await api.store.listeners.find(id))!.settings.auth, before)
  assert.equal((await put(id, { auth: { ...HIDDEN.BASIC, username: 'b' } })).status, 200)
  assert.deepEqual((await api.store.listeners.find(id))!.settings.auth, { ...before, username: 'b' })
  assert.equal((await put(id, { auth: null })).body.listener.auth, null)
})

test('a secret that is not there cannot be kept, of another type of authentication either', async () => {
  const [none, other] = [await create({}), await create({ auth: BEARER })]
  for (const id of [none, other]) {
    const { status, body } = await put(id, { auth: HIDDEN.BASIC })
    assert.deepEqual([status, body.errors[0].path], [422, '/auth/password'])
  }
  const { status, body } = await api.call('POST', base, { name: 'new', notify_url, auth: HIDDEN.BEARER })
  assert.deepEqual([status, body.errors[0].path], [422, '/auth/token'])
})

test('what is missing, of another type, or cannot be sent is told with its place', async () => {
  const id = await create({})
  const refused: [Json | number, string, RegExp][] = [
    [{ type: 'digest' }, '/auth/type', /one of: basic, bearer, oauth2/],
    [{ ...BASIC, realm: 'x' }, '/auth/realm', /not known/],
    [5, '/auth', /a JSON object or null/],
    [{ type: 'basic', username: 'a' }, '/auth/password', /needed where type is basic/],
    [{ ...BASIC, token: 'x' }, '/auth/token', /no meaning where type is basic/],
    [{ ...BASIC, username: 'a:b' }, '/auth/username', /colon/],
    [{ type: 'bearer', token: 'a b' }, '/auth/token', /without spaces/],
    [{ type: 'bearer', token: '' }, '/auth/token', /not be empty/],
    [{ ...OAUTH, client_secret: '' }, '/auth/client_secret', /not be empty/],
    [{ ...OAUTH, token_url: 'ftp://a' }, '/auth/token_url', /http or https URL/],
    [{ ...OAUTH, token_url: undefined }, '/auth/token_url', /needed/],
    [{ ...OAUTH, scopes: ['a b'] }, '/auth/scopes', /without spaces/],
    [{ ...OAUTH, style: 'header' }, '/auth/style', /one of: basic, body/],
  ]
  for (const [auth, path, message] of refused) {
    const answer = await put(id, { auth })
    assert.deepEqual([answer.status, answer.body.errors?.[0].path], [422, path], JSON.stringify(auth))
    assert.match(answer.body.errors[0].message, message)
    assert.doesNotMatch(JSON.stringify(answer.body), /hunter2/)
  }
})

test('a header authorization beside it is refused, whichever of the two comes first', async () => {
  const headers = { Authorization: 'Bearer x' }
  const created = await api.call('POST', base, { name: 'both', notify_url, auth: BASIC, headers })
  assert.deepEqual([created.status, created.body.errors[0].path], [422, '/auth'])
  const [withAuth, withHeader] = [await create({ auth: BASIC }), await create({ headers })]
  assert.equal((await put(withAuth, { headers })).body.errors[0].path, '/headers/authorization')
  assert.equal((await put(withHeader, { auth: BASIC })).body.errors[0].path, '/auth')
  assert.equal((await put(withHeader, { auth: BASIC, headers: {} })).status, 200)
})

test('a token URL is judged like every target', async (t) => {
  const guarded = await startApi({ targets: PUBLIC_TARGETS })
  t.after(() => guarded.app.close())
  const url = `/v1/queues/${(await guarded.call('POST', '/v1/queues', { name: 'q' })).body.queue.id}/listeners`
  const ask = (token_url: string) =>
    guarded.call('POST', url, { name: 'l', notify_url: 'http://93.184.215.14/', auth: { ...OAUTH, token_url } })
  const { status, body } = await ask('http://169.254.169.254/token')
  assert.deepEqual([status, body.errors[0].path], [422, '/auth/token_url'])
  assert.equal((await ask('http://93.184.215.14/token')).status, 200)
})

test('the other dialect has it in the same words', async () => {
  const v2 = base.replace('/v1/', '/v2/')
  const { body } = await api.call('POST', v2, { alias: 'terraformed', notify_url, auth: BASIC })
  const { listener } = (await api.call('GET', `${v2}/${body.listener.id}`)).body
  assert.deepEqual(listener.auth, HIDDEN.BASIC)
  assert.equal((await api.call('PUT', `${v2}/${body.listener.id}`, { auth: HIDDEN.BASIC })).status, 200)
  assert.equal((await api.call('PUT', `${v2}/${body.listener.id}`, { auth: HIDDEN.BEARER })).status, 422)
})

test('a secret that is kept goes to no other origin than the one that it was set for', async () => {
  const id = await create({ auth: OAUTH })
  const kept = { ...OAUTH, client_secret: '***' }
  for (const token_url of ['http://elsewhere.test/token', 'https://login.test/token', 'http://login.test:81/token']) {
    const { status, body } = await put(id, { auth: { ...kept, token_url } })
    assert.deepEqual([status, body.errors[0].path], [422, '/auth/client_secret'])
    assert.match(body.errors[0].message, /another origin/)
  }
  const before = (await api.store.listeners.find(id))!.settings.auth
  assert.equal((await put(id, { auth: { ...kept, token_url: 'http://login.test/other' } })).status, 200)
  assert.deepEqual((await api.store.listeners.find(id))!.settings.auth, {
    ...before,
    tokenUrl: 'http://login.test/other',
  })
  assert.equal((await put(id, { auth: { ...OAUTH, token_url: 'http://elsewhere.test/token' } })).status, 200)
})
