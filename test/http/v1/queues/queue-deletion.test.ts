import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Json, OTHER_OWNER_KEY, sharedApi } from '../../../support/server/api.ts'

const api = await sharedApi()
let names = 0

/** A queue with a listener, a message and a schema that has just been deleted, none of it swept yet. */
async function deleted() {
  const name = `deleted-${++names}`
  const schema = { a: { type: 'number' } }
  const created = (await api.call('POST', '/v1/queues', { name, schema })).body
  const path = `/v1/queues/${created.queue.id}`
  const listener = (await api.call('POST', `${path}/listeners`, { name: 'l', notify_url: 'http://a' })).body.listener
  const message = (await api.call('POST', `${path}/messages`, { data: '{"a":1}' })).body.message
  const below = [
    '',
    '/listeners',
    `/listeners/${listener.id}`,
    '/messages',
    `/messages/${message.id}`,
    `/messages/${message.id}/attempts`,
    new URL(created._links.schema.href).pathname.slice(path.length),
  ]
  assert.equal((await api.call('DELETE', path)).status, 200)
  return {
    name,
    path,
    below,
    posts: {
      '/messages': { data: 'x' },
      '/messages/batch': { messages: [{ data: 'x' }] },
      '/listeners': { name: 'n', notify_url: 'http://a' },
    },
  }
}

async function sweep(): Promise<void> {
  while ((await api.store.removals.sweep({ limit: 1 })) > 0);
}

test('a queue that is being deleted is a 404 for readers at once, with all that was in it', async () => {
  const { path, below } = await deleted()
  for (const part of below) assert.equal((await api.call('GET', path + part)).status, 404, part)
  assert.equal((await api.call('PUT', path, { name: 'back' })).status, 404)
  assert.equal((await api.call('PUT', path, { paused: false })).status, 404)
  assert.equal((await api.call('DELETE', path)).status, 404)
  const listed = (await api.call('GET', '/v1/queues')).body.queues
  assert.equal(
    listed.some((queue: Json) => path.endsWith(queue.id)),
    false,
  )
})

test('a queue that is being deleted is a 423 for every POST below it, and a 404 once it is gone', async () => {
  const { path, posts } = await deleted()
  for (const [part, body] of Object.entries(posts)) {
    const answer = await api.call('POST', path + part, body)
    assert.deepEqual([answer.status, answer.body.title], [423, 'Locked'], part)
    assert.equal((await api.call('POST', path + part, { bad: 'body' })).status, 423, 'it comes before the body')
  }
  await sweep()
  for (const [part, body] of Object.entries(posts)) {
    assert.equal((await api.call('POST', path + part, body)).status, 404, part)
  }
})

test("another organization's queue that is being deleted is a 404 for everybody else", async () => {
  const { path, posts } = await deleted()
  for (const [part, body] of Object.entries(posts)) {
    assert.equal((await api.call('POST', path + part, body, OTHER_OWNER_KEY)).status, 404, part)
  }
})

test('the name of a queue that is being deleted is free at once, for a queue that has nothing to do with it', async () => {
  const { name, path } = await deleted()
  const { status, body } = await api.call('POST', '/v1/queues', { name })
  assert.equal(status, 200)
  assert.deepEqual([body.queue.listeners, body.queue.pending_count, 'schema' in body.queue], [[], 0, false])
  const heir = `/v1/queues/${body.queue.id}`
  assert.equal((await api.call('POST', `${heir}/messages`, { data: 'x' })).status, 200)
  assert.equal((await api.call('POST', `${path}/messages`, { data: 'x' })).status, 423)
  await sweep()
  assert.equal((await api.call('GET', `${heir}/messages`)).body.messages.length, 1)
})
