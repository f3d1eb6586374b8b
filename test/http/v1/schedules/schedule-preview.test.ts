import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Json, sharedApi } from '../../../support/server/api.ts'

const PATH = '/v1/schedules/preview'
const api = await sharedApi()

async function preview(body: object): Promise<Json> {
  const answer = await api.call('POST', PATH, body)
  assert.equal(answer.status, 200, JSON.stringify(answer.body))
  return answer.body
}

test('a preview says in words when a schedule would be due, and its next ten due times', async () => {
  const starts_at = Date.UTC(2090, 0, 2)
  const { words, next_runs, _links } = await preview({ cron: '30 2 * * 1-5', timezone: 'europe/berlin', starts_at })
  assert.equal(words, 'At 02:30 on Monday to Friday, from 2 January 2090 at 01:00 in Europe/Berlin on')
  assert.equal(next_runs.length, 10)
  assert.deepEqual(next_runs.slice(0, 2), [Date.UTC(2090, 0, 2, 1, 30), Date.UTC(2090, 0, 3, 1, 30)])
  assert.deepEqual(_links, { self: { href: `http://localhost:80${PATH}` } })
})

test('it has fewer where the schedule ends, and counts from now what counts from its creation', async () => {
  const { now } = api.clock
  assert.deepEqual((await preview({ every: 60_000, ends_at: now + 130_000 })).next_runs, [now + 60_000, now + 120_000])
  const at = await preview({ at: now + 5, every: null, cron: null })
  assert.deepEqual(at.next_runs, [now + 5])
  assert.match(at.words, /^Once, on \d+ \w+ \d{4} at .* in UTC$/)
  const starts_at = Date.UTC(2090, 0, 31, 9)
  const monthly = await preview({ every: 'P1M', starts_at, ends_at: Date.UTC(2090, 2, 31, 9) })
  assert.deepEqual(monthly.next_runs, [starts_at, Date.UTC(2090, 1, 28, 9), Date.UTC(2090, 2, 31, 9)])
  const zoned = await preview({ cron: 'CRON_TZ=Asia/Tokyo 0 9 * * *', starts_at })
  assert.match(zoned.words, /in Asia\/Tokyo/)
})

test('the next runs are those that the schedule then has', async () => {
  const queue = (await api.call('POST', '/v1/queues', { name: 'previewed' })).body.queue
  const all = [
    { cron: '*/7 3-5 L * *', timezone: 'Australia/Lord_Howe' },
    { cron: '@weekly', starts_at: Date.UTC(2091, 0, 1) },
    { every: 90_000 },
    { every: 'P2W', timezone: 'Europe/Berlin' },
    { at: api.clock.now + 1 },
  ]
  for (const [index, when] of all.entries()) {
    const told = await preview(when)
    const made = await api.call('POST', `/v1/queues/${queue.id}/schedules`, { name: `s${index}`, data: '', ...when })
    assert.deepEqual(made.body.schedule.next_runs, told.next_runs.slice(0, 5))
  }
  // Those that were made above, and none by a preview.
  const listed = await api.call('GET', `/v1/queues/${queue.id}/schedules`)
  assert.equal(listed.body.schedules.length, all.length)
})

test('what making a schedule refuses is refused in the same words', async () => {
  const { now } = api.clock
  const queue = (await api.call('POST', '/v1/queues', { name: 'refused' })).body.queue
  const wrong = [
    {},
    { cron: '61 * * * *' },
    { cron: '0 0 30 2 *' },
    { cron: '@every 5m' },
    { cron: '* * * * *', timezone: 'Nowhere/There' },
    { cron: 'TZ=UTC * * * * *', timezone: 'Asia/Tokyo' },
    { cron: '* * * * *', every: 60_000 },
    { every: 999 },
    { every: 'PT5M' },
    { every: 'P1D', starts_at: now + 5, ends_at: now + 4 },
    { at: now - 1 },
    { every: 60_000, ends_at: now },
  ]
  for (const when of wrong) {
    const [told, made] = [
      await api.call('POST', PATH, when),
      await api.call('POST', `/v1/queues/${queue.id}/schedules`, { name: 'x', data: '', ...when }),
    ]
    assert.equal(told.status, 422, JSON.stringify(when))
    assert.deepEqual(told.body.errors, made.body.errors, JSON.stringify(when))
  }
  const more = await api.call('POST', PATH, { every: 60_000, data: '{}' })
  const message = 'is not known here; allowed are: cron, every, at, timezone, starts_at, ends_at'
  assert.deepEqual(more.body.errors, [{ path: '/data', message }])
})

test('it takes the scope to read schedules, and not to write them', async () => {
  const keyFor = async (access: string, resource = 'schedules') => {
    const scopes = [{ resource, access, targets: '*' }]
    return (await api.call('POST', '/v1/api_keys', { scopes })).body.api_key
  }
  const statusFor = async (key: string) => (await api.call('POST', PATH, { every: 60_000 }, key)).status
  assert.equal(await statusFor(await keyFor('read')), 200)
  assert.equal(await statusFor(await keyFor('read', 'queues')), 403)
  assert.equal(await statusFor('none'), 401)
})

test('a frozen organization may look as well', async () => {
  const made = (await api.call('POST', '/v1/api_clients', { name: 'frozen-previews' })).body
  await api.call('PUT', `/v1/api_clients/${made.api_client.id}`, { status: 'frozen' })
  assert.equal((await api.call('POST', '/v1/queues', { name: 'q' }, made.api_key)).status, 423)
  assert.equal((await api.call('POST', PATH, { every: 60_000 }, made.api_key)).status, 200)
})
