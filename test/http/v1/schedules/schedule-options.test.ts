import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Json, sharedApi } from '../../../support/server/api.ts'

const MINUTE = 60_000
const HOUR = 3_600_000
const api = await sharedApi()
const queue = (await api.call('POST', '/v1/queues', { name: 'options' })).body.queue
const base = `/v1/queues/${queue.id}/schedules`
let named = 0

async function create(body: object): Promise<Json> {
  named += 1
  const answer = await api.call('POST', base, { name: `options-${named}`, data: '{}', ...body })
  assert.equal(answer.status, 200, JSON.stringify(answer.body))
  return answer.body.schedule
}

async function change(id: string, body: object, method: 'PUT' | 'PATCH' = 'PUT'): Promise<Json> {
  const answer = await api.call(method, `${base}/${id}`, body)
  assert.equal(answer.status, 200, JSON.stringify(answer.body))
  return answer.body.schedule
}

const nextRunOf = async (id: string) =>
  (await api.store.schedules.get({ organizationId: api.organizations.first, queueId: queue.id, id }))!.nextAt

test('key, headers, overlap and jitter are what was sent, else none, none, allow and 0, and each can be changed by itself', async () => {
  const plain = await create({ every: MINUTE })
  assert.deepEqual([plain.key, plain.headers, plain.overlap, plain.jitter], [null, null, 'allow', 0])
  const options = { key: 'customer-17', headers: { 'X-A': '1' }, overlap: 'skip', jitter: 30_000 }
  const made = await create({ every: MINUTE, ...options })
  const { key, headers, overlap, jitter } = made
  assert.deepEqual({ key, headers, overlap, jitter }, options)
  const changes = [
    { key: 'other' },
    { expires_in: 5_000 },
    { expires_in: null },
    { headers: { 'x-b': '2' } },
    { headers: null },
    { overlap: 'allow' },
    { jitter: 1 },
    { key: null },
    { jitter: 0 },
  ]
  let expected = made
  for (const [at, part] of changes.entries()) {
    expected = { ...expected, ...part }
    const changed = await change(made.id, part, at % 2 === 0 ? 'PUT' : 'PATCH')
    assert.deepEqual({ ...changed, updated_at: 0 }, { ...expected, updated_at: 0 })
  }
  // What was read can be sent back.
  assert.deepEqual({ ...(await change(plain.id, plain)), updated_at: 0 }, { ...plain, updated_at: 0 })
})

test('what is wrong with an option is said where it is, with what is taken', async () => {
  const wrong: [object, string, RegExp][] = [
    [{ every: MINUTE, jitter: 30_001 }, '/jitter', /at most 30000, half of the shortest time between two/],
    [{ cron: '0,10 9 * * *', jitter: HOUR }, '/jitter', /at most 300000,/],
    [{ at: api.clock.now + 5, jitter: 24 * HOUR + 1 }, '/jitter', /at most 86400000,/],
    [{ every: MINUTE, jitter: -1 }, '/jitter', /at least 0/],
    [{ every: MINUTE, jitter: 1.5 }, '/jitter', /whole number/],
    [{ every: MINUTE, overlap: 'queue' }, '/overlap', /one of: allow, skip/],
    [{ every: MINUTE, headers: { 'discue-due-at': 'x' } }, '/headers/discue-due-at', /server itself/],
    [{ every: MINUTE, headers: { 'x-a': 'a'.repeat(4_094) } }, '/headers', /at most 4096 characters/],
    [{ every: MINUTE, headers: 'x-a: 1' }, '/headers', /object/],
    [{ every: MINUTE, expires_in: 0 }, '/expires_in', /at least 1/],
    [{ every: MINUTE, key: '' }, '/key', /1 to 128 characters/],
    [{ every: MINUTE, key: 'x'.repeat(129) }, '/key', /1 to 128 characters/],
  ]
  for (const [body, path, message] of wrong) {
    const { status, body: answer } = await api.call('POST', base, { name: 'wrong', data: '{}', ...body })
    assert.deepEqual([status, answer.errors?.[0]?.path], [422, path], JSON.stringify(body))
    assert.match(answer.errors[0].message, message)
  }
})

test('a change that brings due times closer together must leave room for the jitter that there is', async () => {
  const { id } = await create({ every: HOUR, jitter: 10 * MINUTE })
  const { status, body } = await api.call('PUT', `${base}/${id}`, { every: MINUTE })
  assert.deepEqual([status, body.errors[0].path], [422, '/jitter'])
  assert.match(body.errors[0].message, /at most 30000/)
  assert.equal((await change(id, { every: MINUTE, jitter: 30_000 })).jitter, 30_000)
})

test('next_runs are due times, and it runs up to so much later', async () => {
  const { id, next_runs } = await create({ every: HOUR, jitter: 30 * MINUTE })
  const now = api.clock.now
  assert.deepEqual(
    next_runs,
    [1, 2, 3, 4, 5].map((hour) => now + hour * HOUR),
  )
  const nextAt = (await nextRunOf(id))!
  assert.ok(nextAt >= now + HOUR && nextAt <= now + 1.5 * HOUR)
  assert.deepEqual(api.carried.at(-1), { dueAt: nextAt })
  assert.equal(await nextRunOf((await create({ every: HOUR })).id), now + HOUR)
})

test('a due time that waits for its jitter is neither lost nor moved to the next by a change', async () => {
  const begun = api.clock.now
  const one = await create({ every: HOUR, jitter: 30 * MINUTE })
  const other = await create({ every: HOUR, jitter: 30 * MINUTE })
  const due = begun + HOUR
  api.clock.now = due
  for (const { id } of [one, other]) assert.ok((await nextRunOf(id))! >= due)
  assert.equal((await change(one.id, { ends_at: due + 5 * HOUR })).next_runs[0], due)
  assert.equal((await change(one.id, { jitter: 20 * MINUTE })).next_runs[0], due)
  assert.ok((await nextRunOf(one.id))! <= due + 20 * MINUTE)
  // Without a jitter it is to run now.
  assert.equal((await change(one.id, { jitter: 0 })).next_runs[0], due)
  assert.equal(await nextRunOf(one.id), due)
  // By other due times it is none, and a pause skips what falls into it.
  assert.equal((await change(other.id, { starts_at: due + 10 * HOUR })).next_runs[0], due + 11 * HOUR)
  await change(one.id, { paused: true })
  assert.equal((await change(one.id, { paused: false })).next_runs[0], due + HOUR)
})

test('a change is refused as a new schedule is, and leaves it as it was', async () => {
  const { id, headers } = await create({ every: MINUTE, headers: { 'x-a': '1' } })
  const { status, body } = await api.call('PUT', `${base}/${id}`, { headers: { 'webhook-id': '1' }, jitter: 1 })
  assert.deepEqual([status, body.errors[0].path], [422, '/headers/webhook-id'])
  const read = (await api.call('GET', `${base}/${id}`)).body.schedule
  assert.deepEqual([read.headers, read.jitter], [headers, 0])
})

test("a schedule's message has its key and headers, also where it is made by hand, and then for no due time", async () => {
  const what = { key: 'customer-17', headers: { 'x-a': '1' }, message_name: 'm', expires_in: 60_000 }
  const { id, name } = await create({ every: HOUR, ...what })
  const { status, body } = await api.call('POST', `${base}/${id}/run`)
  assert.equal(status, 200)
  const { message } = (await api.call('GET', `/v1/queues/${queue.id}/messages/${body.message.id}`)).body
  assert.deepEqual([message.key, message.name], ['customer-17', 'm'])
  assert.equal(message.expires_at, message.created_at + 60_000)
  assert.deepEqual(message.headers, { 'x-a': '1', 'discue-schedule': name })
})
