import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Json, OWNER_KEY, sharedApi } from '../../support/server/api.ts'

const api = await sharedApi()

type Headers = Record<string, string>

async function ask(method: string, url: string, headers: Headers = {}, body?: unknown) {
  const json: Headers = body === undefined ? {} : { 'content-type': 'application/json' }
  const payload = body === undefined ? undefined : JSON.stringify(body)
  const all = { 'x-api-key': OWNER_KEY, ...json, ...headers }
  const response = await api.inject({ method: method as 'GET', url, headers: all, payload })
  const text = response.body
  return { status: response.statusCode, etag: String(response.headers.etag), text, body: text ? response.json() : null }
}

/** One of each resource that can be changed, by its path. */
async function resources(suffix: string): Promise<string[]> {
  const queue: Json = (await api.call('POST', '/v1/queues', { name: `q-${suffix}` })).body.queue
  const at = `/v1/queues/${queue.id}`
  const listener = { name: 'l', notify_url: 'http://example.com' }
  const { id: listenerId } = (await api.call('POST', `${at}/listeners`, listener)).body.listener
  const { id: messageId } = (await api.call('POST', `${at}/messages`, { data: 'x' })).body.message
  const { id: keyId } = (await api.call('POST', '/v1/api_keys', { name: `k-${suffix}` })).body
  const { id: clientId } = (await api.call('POST', '/v1/api_clients', { name: `c-${suffix}` })).body.api_client
  const below = [`${at}/listeners/${listenerId}`, `${at}/messages/${messageId}`]
  return [at, ...below, `/v1/api_keys/${keyId}`, `/v1/api_clients/${clientId}`]
}

test('GET, PUT and PATCH of a resource carry the tag of the state that they answer with', async () => {
  for (const path of await resources('tags')) {
    const read = await ask('GET', path)
    assert.match(read.etag, /^"\d+-[\w-]{16}"$/)
    assert.equal((await ask('GET', path)).etag, read.etag)
    const put = await ask('PUT', path, {}, { name: 'put' })
    const patched = await ask('PATCH', path, {}, { name: 'patched' })
    assert.equal(new Set([read.etag, put.etag, patched.etag]).size, 3, path)
    assert.equal((await ask('GET', path)).etag, patched.etag, path)
  }
})

test('a change goes through while If-Match holds, and is a 409 once it does not', async () => {
  for (const path of await resources('match')) {
    const { etag } = await ask('GET', path)
    const mine = await ask('PUT', path, { 'if-match': etag }, { name: 'mine' })
    assert.equal(mine.status, 200, path)
    for (const method of ['PUT', 'PATCH'] as const) {
      const late = await ask(method, path, { 'if-match': etag }, { name: 'late' })
      assert.deepEqual([late.status, late.body.title], [409, 'Conflict'], `${method} ${path}`)
    }
    assert.equal((await ask('DELETE', path, { 'if-match': etag })).status, 409, path)
    assert.equal(Object.values<Json>((await ask('GET', path)).body)[0].name, 'mine')
    assert.equal((await ask('PUT', path, { 'if-match': mine.etag }, {})).status, 200)
  }
})

test('a resource that still has the tag is deleted under it', async () => {
  for (const path of (await resources('delete')).reverse()) {
    const { etag } = await ask('GET', path)
    assert.equal((await ask('DELETE', path, { 'if-match': etag })).status, 200, path)
    assert.equal((await ask('DELETE', path, { 'if-match': etag })).status, 404, path)
  }
})

test('a redelivery has a tag as well, which tells how far it is', async () => {
  const [queue, listener] = await resources('redelivery')
  const { body } = await api.call('POST', `${listener}/redeliver`, {})
  const path = `${queue}/listeners/${listener!.split('/').at(-1)}/redeliveries/${body.redelivery.id}`
  const read = await ask('GET', path)
  assert.match(read.etag, /^"1-[\w-]{16}"$/)
  assert.equal((await ask('GET', path, { 'if-none-match': read.etag })).status, 304)
  assert.equal((await ask('GET', path, { 'if-none-match': '"1-x"' })).status, 200)
})

test('commas in a tag belong to it, and those between tags may stand alone', async () => {
  const [path] = await resources('commas')
  for (const around of ['"a,b", TAG', ',, TAG ,', 'TAG,"c,"', 'W/"x,y",TAG']) {
    const { etag } = await ask('GET', path!)
    const tags = around.replace('TAG', etag)
    assert.equal((await ask('GET', path!, { 'if-none-match': tags })).status, 304, tags)
    assert.equal((await ask('PUT', path!, { 'if-match': tags }, { name: 'commas' })).status, 200, tags)
    assert.equal((await ask('PUT', path!, { 'if-match': tags }, { name: 'commas' })).status, 409, tags)
  }
  const { etag } = await ask('GET', path!)
  for (const bad of [`"a,b" ${etag}`, `"a", b`, `"${etag}`, ',,', '"a","b']) {
    assert.equal((await ask('PUT', path!, { 'if-match': bad }, {})).status, 400, bad)
  }
})

test('the tag of a schema is its id', async () => {
  const schema = { a: { type: 'string' } }
  const { body } = await api.call('POST', '/v1/queues', { name: 'with-schema', schema })
  const path = new URL(body._links.schema.href).pathname
  const read = await ask('GET', path)
  assert.deepEqual([read.etag, read.body.schema], [`"${path.split('/').at(-1)}"`, schema])
  assert.equal((await ask('GET', path, { 'if-none-match': read.etag })).status, 304)
  assert.equal((await ask('GET', path, { 'if-none-match': '"other"' })).status, 200)
})

test('changes within one millisecond have tags of their own', async () => {
  const [path] = await resources('instant')
  const first = await ask('PUT', path!, {}, { name: 'a' })
  const second = await ask('PUT', path!, {}, { name: 'a' })
  assert.equal(first.body.queue.updated_at, second.body.queue.updated_at)
  assert.notEqual(first.etag, second.etag)
})

test('of many changes at once under one tag, one goes through', async () => {
  for (const path of await resources('race')) {
    const { etag } = await ask('GET', path)
    const all = await Promise.all(
      Array.from({ length: 10 }, (_, i) => ask('PUT', path, { 'if-match': etag }, { name: `n${i}` })),
    )
    assert.deepEqual(all.map((answer) => answer.status).sort(), [200, ...Array(9).fill(409)], path)
  }
})

test('If-Match takes *, and lists, of which one has to hold', async () => {
  const [path] = await resources('lists')
  const { etag } = await ask('GET', path!)
  assert.equal((await ask('PUT', path!, { 'if-match': '*' }, {})).status, 200)
  const now = (await ask('GET', path!)).etag
  assert.equal((await ask('PUT', path!, { 'if-match': `"other", ${etag} ,${now}` }, {})).status, 200)
  for (const none of ['"other"', `W/${(await ask('GET', path!)).etag}`, '"a,b", "1"', '""']) {
    assert.equal((await ask('PUT', path!, { 'if-match': none }, {})).status, 409, none)
  }
})

test('a tag that is malformed is a 400', async () => {
  const [path] = await resources('malformed')
  for (const bad of ['', 'abc', '"open', '"a" "b"', '*, "a"', "'a'", 'w/"a"', ',']) {
    const put = await ask('PUT', path!, { 'if-match': bad }, {})
    assert.deepEqual([put.status, put.body.errors?.[0].path], [400, 'If-Match'], bad)
    assert.equal((await ask('GET', path!, { 'if-none-match': bad })).status, 400, bad)
  }
})

test('a resource that is not there is a 404, whatever If-Match says', async () => {
  const path = `/v1/queues/${'0'.repeat(21)}`
  for (const tag of ['*', '"1-x"']) assert.equal((await ask('PUT', path, { 'if-match': tag }, {})).status, 404)
})

test('a GET by somebody who has this very state is a 304 without a body', async () => {
  for (const path of await resources('known')) {
    const { etag } = await ask('GET', path)
    for (const tags of [etag, `W/${etag}`, `"x", ${etag}`, '*']) {
      const { status, text, etag: same } = await ask('GET', `${path}?pretty`, { 'if-none-match': tags })
      assert.deepEqual([status, text], [304, ''], `${path} ${tags}`)
      assert.equal(same, etag)
    }
    assert.equal((await ask('GET', path, { 'if-none-match': '"other"' })).status, 200)
  }
})

test('what changes by itself changes the tag, so that no count is stale, and is no reason to refuse a change', async () => {
  const [path] = await resources('counts')
  const { etag, body } = await ask('GET', path!)
  await api.call('POST', `${path}/messages`, { data: 'x' })
  const later = await ask('GET', path!, { 'if-none-match': etag })
  assert.deepEqual([later.status, later.body.queue.pending_count], [200, body.queue.pending_count + 1])
  assert.equal((await ask('PUT', path!, { 'if-match': etag }, { name: 'counted' })).status, 200)
})
