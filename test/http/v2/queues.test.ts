import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { startProvider } from './provider.ts'

const { api, send, status } = await startProvider()
after(() => api.app.close())

test('a queue is created, read, renamed and deleted', async () => {
  const { id } = await send('POST', '/queues', 'queue', { alias: 'my-first-queue' })
  const read = await send('GET', `/queues/${id}`, 'queue')
  assert.deepEqual([read.id, read.alias, read.name], [id, 'my-first-queue', undefined])
  const alias = 'my-first-queue-with-new-alias'
  assert.equal((await send('PUT', `/queues/${id}`, 'queue', { alias })).alias, alias)
  assert.equal((await send('GET', `/queues/${id}`, 'queue')).alias, alias)
  await send('DELETE', `/queues/${id}`, '_links')
  assert.equal((await status('GET', `/queues/${id}`)).status, 404)
})

test('links lead to version 2', async () => {
  const { body } = await status('POST', '/queues', { alias: 'linked' })
  assert.equal(body._links.self.href, `http://localhost:80/v2/queues/${body.queue.id}`)
})

test('a name of version 1 is an alias here, and the other way round', async () => {
  const named = (await api.call('POST', '/v1/queues', { name: 'a/b' })).body.queue
  assert.equal((await send('GET', `/queues/${named.id}`, 'queue')).alias, 'a/b')
  const aliased = await send('POST', '/queues', 'queue', { alias: 'spoken' })
  assert.equal((await api.call('GET', `/v1/queues/${aliased.id}`)).body.queue.name, 'spoken')
  const taken = await status('POST', '/queues', { alias: 'spoken' })
  assert.deepEqual(
    [taken.status, taken.body.detail, taken.body.errors],
    [422, 'alias is taken', [{ path: '/alias', message: 'another queue has this alias' }]],
  )
})

test('an alias is 4 to 64 characters without a slash where one is written', async () => {
  for (const alias of ['abc', 'a'.repeat(65), 'with/slash', 'with space', '....', 'self']) {
    const { status: code, body } = await status('POST', '/queues', { alias })
    assert.deepEqual([code, body.errors?.[0]?.path], [422, '/alias'], alias)
  }
  for (const alias of ['abcd', 'a'.repeat(64), 'A.b_c-9']) await send('POST', '/queues', 'queue', { alias })
  assert.deepEqual((await status('POST', '/queues', {})).body.errors, [{ path: '/alias', message: 'is required' }])
})

test('a name is refused as the field that was sent, on every resource that has an alias', async () => {
  const { id } = await send('POST', '/queues', 'queue', { alias: 'unnamed' })
  const bodies = {
    '/queues': {},
    '/api_keys': {},
    [`/queues/${id}/listeners`]: {},
    '/domains': { hostname: 'a.example' },
  }
  for (const [path, body] of Object.entries(bodies)) {
    const { status: code, body: answer } = await status('POST', path, { ...body, alias: 'orders', name: 'orders' })
    assert.equal(code, 422, path)
    assert.deepEqual(
      answer.errors.map((fault: { path: string }) => fault.path),
      ['/name'],
      path,
    )
    assert.match(answer.errors[0].message, /^is not known here; allowed are: .*alias/)
  }
  const changed = await status('PUT', `/queues/${id}`, { name: 'orders' })
  assert.deepEqual([changed.status, changed.body.errors[0].path], [422, '/name'])
})

test('a name of version 1 can be sent back as it was read, and nothing else that is no alias', async () => {
  const { id } = (await api.call('POST', '/v1/queues', { name: 'x/y' })).body.queue
  assert.equal((await send('PUT', `/queues/${id}`, 'queue', { alias: 'x/y', paused: true })).paused, true)
  const { status: code, body } = await status('PUT', `/queues/${id}`, { alias: 'x/z' })
  assert.deepEqual([code, body.errors[0].path], [422, '/alias'])
  const read = await send('GET', `/queues/${id}`, 'queue')
  assert.deepEqual(await send('PUT', `/queues/${id}`, 'queue', read), { ...read, updated_at: read.updated_at })
})

test('what does not exist, and what another organization has, is a 404', async () => {
  const theirs = (await api.call('POST', '/v1/queues', { name: 'theirs' }, 'owner-key-of-the-other-organization')).body
  for (const id of ['00VbugnoyVluTsdf2eOBu', 'nothing', theirs.queue.id]) {
    for (const [method, body] of [['GET'], ['PUT', { alias: 'other' }], ['DELETE']] as const) {
      assert.equal((await status(method, `/queues/${id}`, body)).status, 404, `${method} ${id}`)
    }
  }
})

test('version 2 has a key, and methods, as version 1 has', async () => {
  assert.equal((await api.inject({ method: 'GET', url: '/v2/queues/x' })).statusCode, 401)
  const refused = await api.inject({ method: 'PATCH', url: '/v2/queues/x' })
  assert.deepEqual([refused.statusCode, refused.headers.allow], [405, 'GET, HEAD, PUT, DELETE'])
  assert.equal((await api.inject({ method: 'GET', url: '/v2/messages' })).statusCode, 404)
})
