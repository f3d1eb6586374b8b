// That no text of a client makes a row which PostgreSQL stores and cannot look into: it would fail every statement that
// comes upon it, of every organization, and the start of the server.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, test } from 'node:test'
import fc from 'fast-check'
import { Problem } from '../../../src/core/problem.ts'
import { createRuntime } from '../../../src/runtime.ts'
import { jsonText } from '../../../src/store-postgres/connect/json-text.ts'
import { testDatabase } from '../../support/postgres/postgres.ts'
import { startApi } from '../../support/server/api.ts'
import { silentLog } from '../../support/silent-log.ts'

const database = await testDatabase()
const api = await startApi({ openStore: () => database.openEmpty(createRuntime(silentLog), { clock: 'caller' }) })
after(() => api.app.close())
const queue = (await api.call('POST', '/v1/queues', { name: 'texts' })).body.queue
const base = `/v1/queues/${queue.id}/listeners`
let made = 0

/** Everything that is anywhere in it is read, as statements read it. */
const READ = `
  with recursive part(value) as (
    select settings from discue.listeners union all
    select below.value from part, lateral (
      select value from json_each(case json_typeof(part.value) when 'object' then part.value else '{}' end) union all
      select value from json_array_elements(case json_typeof(part.value) when 'array' then part.value else '[]' end)
    ) below)
  select count(value #>> '{}')::int as texts from part`

const odd = fc.constantFrom('\ud800', '\udfff', '\u0000', '\\ud800', '\\', 'é', '😀', '\ufffd', '"')
const text = fc.oneof(
  { weight: 3, arbitrary: fc.string({ maxLength: 5 }) },
  fc.tuple(fc.string({ maxLength: 3 }), odd, fc.string({ maxLength: 3 })).map((parts) => parts.join('')),
)
const url = text.map((part) => `http://hook.test/${part}`)
const auth = fc.oneof(
  fc.record({ type: fc.constant('basic'), username: text, password: text }),
  fc.record({ type: fc.constant('bearer'), token: text }),
  fc.record({
    ...{ type: fc.constant('oauth2'), token_url: url, client_id: text, client_secret: text },
    ...{ scopes: fc.array(text, { maxLength: 2 }), audience: fc.option(text) },
  }),
)
const plain = <Value>(arbitrary: fc.Arbitrary<Value>, usual: Value) => fc.oneof(fc.constant(usual), arbitrary)
const sent = fc.record(
  { notify_url: plain(url, 'http://hook.test/'), auth, headers: plain(fc.dictionary(text, text, { maxKeys: 2 }), {}) },
  { requiredKeys: ['notify_url'] },
)

test('whatever the form of a listener accepts can be read out of its settings', async () => {
  let accepted = 0
  await fc.assert(
    fc.asyncProperty(sent, async (body) => {
      const { status } = await api.call('POST', base, { name: `l${made++}`, ...body })
      assert.ok(status === 200 || status === 422, `answered ${status}`)
      if (status !== 200) return
      accepted += 1
      await database.query(READ)
      await database.query('delete from discue.listeners')
    }),
    { numRuns: 100 },
  )
  assert.ok(accepted > 10, `${accepted} were accepted`)
})

test('half of a surrogate pair in any text of a listener is a fault of that text', async () => {
  const basic = { type: 'basic', username: 'a', password: 'b' }
  const client = { type: 'oauth2', token_url: 'http://login.test/', client_id: 'a', client_secret: 'b' }
  const bodies: [string, object][] = [
    ['/notify_url', { notify_url: 'http://hook.test/\ud800' }],
    ['/liveness_url', { liveness_url: 'http://hook.test/\udc00' }],
    ['/auth/username', { auth: { ...basic, username: '\ud800' } }],
    ['/auth/password', { auth: { ...basic, password: 'a\udfff' } }],
    ['/auth/token_url', { auth: { ...client, token_url: 'http://login.test/\ud800' } }],
    ['/auth/client_id', { auth: { ...client, client_id: '\ud800' } }],
    ['/auth/scopes', { auth: { ...client, scopes: ['\ud800'] } }],
    ['/auth/audience', { auth: { ...client, audience: '\ud800' } }],
    ['/headers/x-a', { headers: { 'x-a': '\ud800' } }],
  ]
  for (const [path, more] of bodies) {
    const answer = await api.call('POST', base, { name: 'odd', notify_url: 'http://hook.test/', ...more })
    assert.equal(answer.status, 422, path)
    assert.deepEqual(
      answer.body.errors.map((fault: { path: string }) => fault.path),
      [path],
    )
  }
})

test('what PostgreSQL could not read is refused where it would be stored, wherever it comes from', async () => {
  const faultOf = (value: unknown) => {
    try {
      jsonText(value)
      return null
    } catch (error) {
      assert.ok(error instanceof Problem)
      return error.errors![0]!.path
    }
  }
  assert.equal(faultOf({ a: ['\\ud800', '😀', '\\\\u0000', '\u0001'] }), null)
  assert.equal(faultOf({ a: ['x', '\\\ud800'] }), '/a/1')
  assert.equal(faultOf({ a: { 'b/\u0000': 1 } }), '/a/b~1\u0000')
  const listener = { name: 'unread', notify_url: 'http://hook.test/' }
  const { body } = await api.call('POST', base, listener)
  const { id, ...rest } = (await api.store.listeners.find(body.listener.id))!
  const settings = { ...rest.settings, auth: { type: 'basic', username: '\ud800', secret: '' } as const }
  const ask = { organizationId: rest.organizationId, queueId: rest.queueId, id, now: rest.updatedAt, ifMatch: null }
  await assert.rejects(api.store.listeners.update({ ...ask, changes: { settings } }), /not valid/)
  await database.query(READ)
  await fc.assert(
    fc.asyncProperty(fc.jsonValue(), text, async (value, part) => {
      if (faultOf([value, part]) !== null) return
      const [row] = await database.query<{ read: string }>(`select $1::json -> 1 #>> '{}' as read`, [
        jsonText([value, part]),
      ])
      assert.equal(row!.read, part)
    }),
  )
})

test('a row that was stored before can be read after the start, as it was sent', async () => {
  const migration = readFileSync('src/store-postgres/migrations/0026_readable_settings.sql', 'utf8')
  const { body } = await api.call('POST', base, { name: 'before', notify_url: 'http://hook.test/' })
  const odd = { auth: { type: 'basic', username: '\ud800a\\ud800\\\udc00😀\u0000\ud800\ud800', secret: '' } }
  await database.query('update discue.listeners set settings = $2 where id = $1', [
    body.listener.id,
    JSON.stringify(odd),
  ])
  await assert.rejects(database.query(READ), { code: '22P02' })
  await database.query(migration)
  await database.query(READ)
  const stored = await api.store.listeners.find(body.listener.id)
  assert.deepEqual(stored!.settings.auth, {
    ...odd.auth,
    username: '\ufffda\\ud800\\\ufffd😀\ufffd\ufffd\ufffd',
  })
})
