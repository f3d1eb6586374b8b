import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Json, OTHER_OWNER_KEY, OWNER_KEY, sharedApi, startApi } from '../../../support/server/api.ts'

const MINUTE = 60_000
const api = await sharedApi()
const queue = (await api.call('POST', '/v1/queues', { name: 'scheduled' })).body.queue
const base = `/v1/queues/${queue.id}/schedules`
let named = 0

async function create(body: object, at = base): Promise<Json> {
  named += 1
  const answer = await api.call('POST', at, { name: `schedule-${named}`, data: '{}', ...body })
  assert.equal(answer.status, 200, JSON.stringify(answer.body))
  return answer.body.schedule
}

async function read(id: string, at = base): Promise<Json> {
  return (await api.call('GET', `${at}/${id}`)).body.schedule
}

/** Takes a step in the name of the scheduler. */
async function step(schedule: Json, error: string | null = null): Promise<void> {
  const { organizations, store, clock } = api
  const ask = { organizationId: organizations.first, queueId: queue.id, id: schedule.id }
  const { revision, nextAt } = (await store.schedules.get(ask))!
  const messageId = error === null ? 'a-message' : null
  const runs = [{ dueAt: nextAt!, ranAt: clock.now, messageId, error, skipped: null }]
  const taken = await store.schedules.step([
    { scheduleId: schedule.id, revision, from: nextAt!, messageBefore: null, nextAt: nextAt! + MINUTE, runs },
  ])
  assert.deepEqual(taken, ['stepped'])
}

test('creating a schedule answers with its full form, and the scheduler is told', async () => {
  const now = api.clock.now
  const { status, body } = await api.call('POST', base, { name: 'minutes', cron: '* * * * *', data: 'x' })
  assert.equal(status, 200)
  const { id } = body.schedule
  const schedule = {
    id,
    name: 'minutes',
    queue_id: queue.id,
    cron: '* * * * *',
    timezone: 'UTC',
    data: 'x',
    message_name: null,
    key: null,
    headers: null,
    expires_in: null,
    starts_at: null,
    ends_at: null,
    paused: false,
    catch_up: 'none',
    overlap: 'allow',
    jitter: 0,
    created_at: now,
    updated_at: now,
    next_runs: [1, 2, 3, 4, 5].map((minute) => Math.floor(now / MINUTE) * MINUTE + minute * MINUTE),
    last_run_at: null,
    last_message_id: null,
    run_count: 0,
  }
  assert.deepEqual(body, { schedule, _links: { self: { href: `http://localhost:80${base}/${id}` } } })
  assert.deepEqual(await read(id), schedule)
  assert.deepEqual(api.carried.at(-1), { dueAt: schedule.next_runs[0] })
})

test('every counts from the creation, at is due once', async () => {
  const now = api.clock.now
  const every = await create({ every: 1_500 })
  assert.deepEqual([every.every, every.next_runs[0], every.next_runs[4]], [1_500, now + 1_500, now + 7_500])
  const at = await create({ at: now + 5 })
  assert.deepEqual([at.at, at.next_runs], [now + 5, [now + 5]])
  assert.equal('cron' in at || 'every' in at, false)
})

test('a calendar period is kept as it was written, in its zone, and can be exchanged for another timing', async () => {
  const starts_at = Date.UTC(2027, 0, 31, 8)
  const monthly = await create({ every: 'P1M', timezone: 'Europe/Berlin', starts_at })
  assert.deepEqual([monthly.every, monthly.timezone], ['P1M', 'Europe/Berlin'])
  const days = [Date.UTC(2027, 1, 28, 8), Date.UTC(2027, 2, 31, 7), Date.UTC(2027, 3, 30, 7), Date.UTC(2027, 4, 31, 7)]
  assert.deepEqual(monthly.next_runs, [starts_at, ...days])
  assert.deepEqual(await read(monthly.id), monthly)
  const put = async (body: object) => (await api.call('PUT', `${base}/${monthly.id}`, body)).body.schedule
  assert.equal((await put(monthly)).every, 'P1M')
  const even = await put({ every: 86_400_000 })
  assert.deepEqual([even.every, even.next_runs[0]], [86_400_000, starts_at + 86_400_000])
  const weekly = await put({ every: 'P1W' })
  assert.deepEqual([weekly.every, weekly.next_runs[0]], ['P1W', starts_at])
  const cron = await put({ cron: '0 9 * * *' })
  assert.deepEqual([cron.cron, 'every' in cron], ['0 9 * * *', false])
})

test('due times are between starts_at and ends_at, in the zone, and there are none while it is paused', async () => {
  const [starts_at, ends_at] = [Date.UTC(2026, 2, 28), Date.UTC(2026, 2, 30)]
  const bounded = await create({ cron: '30 2 * * *', timezone: 'europe/berlin', starts_at, ends_at })
  assert.equal(bounded.timezone, 'Europe/Berlin')
  assert.deepEqual(bounded.next_runs, [Date.UTC(2026, 2, 28, 1, 30), Date.UTC(2026, 2, 29, 1)])
  assert.deepEqual((await create({ every: 1_000, paused: true })).next_runs, [])
})

test('what is wrong is said where it is', async () => {
  const now = api.clock.now
  const wrong: [object, string, RegExp][] = [
    [{ cron: '61 * * * *' }, '/cron', /"61" as its minute.*0-59/],
    [{ cron: '* * *' }, '/cron', /5 fields/],
    [{ cron: '0 0 30 2 *' }, '/cron', /never occurs/],
    [{ cron: '* * * * *', timezone: 'Europe/Atlantis' }, '/timezone', /IANA time zone/],
    [{ cron: '* * * * *', timezone: '+01:00' }, '/timezone', /IANA time zone/],
    [{}, '/cron', /every, or at/],
    [{ cron: null }, '/cron', /every, or at/],
    [{ cron: '* * * * *', every: 5_000 }, '/cron', /cannot be combined/],
    [{ every: 999 }, '/every', /at least 1000/],
    [{ every: '5000' }, '/every', /as a number/],
    [{ every: 'PT5M' }, '/every', /in milliseconds/],
    [{ every: 'P0D' }, '/every', /at least one day/],
    [{ every: 1.5e300 }, '/every', /at most/],
    [{ every: true }, '/every', /whole number/],
    [{ every: 'P1M', timezone: 'Nowhere' }, '/timezone', /IANA time zone/],
    [{ every: 'P1M', starts_at: now + 5, ends_at: now + 4 }, '/ends_at', /before starts_at/],
    [{ every: 'P9000Y' }, '/every', /would never run/],
    [{ at: now - 1 }, '/at', /is over/],
    [{ every: 5_000, ends_at: now + 4_999 }, '/every', /would never run/],
    [{ every: 5_000, starts_at: now + 5, ends_at: now + 4 }, '/ends_at', /before starts_at/],
    [{ every: 5_000, catch_up: 'some' }, '/catch_up', /one of: none, last, all/],
    [{ every: 5_000, message_name: ' ' }, '/message_name', /1 to 128/],
    [{ every: 5_000, name: 'self' }, '/name', /reserved/],
    [{ every: 5_000, data: 5 }, '/data', /a string/],
    [{ every: 5_000, crons: 'x' }, '/crons', /not known/],
  ]
  for (const [body, path, message] of wrong) {
    const { status, body: answer } = await api.call('POST', base, { name: 'wrong', data: '{}', ...body })
    assert.deepEqual([status, answer.errors?.[0]?.path], [422, path], JSON.stringify(body))
    assert.match(answer.errors[0].message, message)
  }
  const large = await api.call('POST', base, { name: 'large', every: 5_000, data: 'x'.repeat(256 * 1024 + 1) })
  assert.equal(large.status, 413)
})

test('a name is unique in its queue', async () => {
  const { name } = await create({ every: 5_000 })
  const { status, body } = await api.call('POST', base, { name, every: 5_000, data: '' })
  assert.deepEqual([status, body.errors[0].path], [422, '/name'])
  const other = (await api.call('POST', '/v1/queues', { name: 'scheduled-too' })).body.queue
  await create({ name, every: 5_000 }, `/v1/queues/${other.id}/schedules`)
})

test('data must fit the schema of the queue, when it is created and when it is changed', async () => {
  const schema = { a: { type: 'number' } }
  const { id } = (await api.call('POST', '/v1/queues', { name: 'schedules-with-schema', schema })).body.queue
  const at = `/v1/queues/${id}/schedules`
  const refused = await api.call('POST', at, { name: 's', every: 5_000, data: '{"a":"x"}' })
  assert.deepEqual([refused.status, refused.body.errors[0].path], [422, '/data/a'])
  const schedule = await create({ every: 5_000, data: '{"a":1}' }, at)
  const changed = await api.call('PUT', `${at}/${schedule.id}`, { data: '{}' })
  assert.deepEqual([changed.status, changed.body.errors[0].path], [422, '/data/a'])
  assert.equal((await api.call('PUT', `${at}/${schedule.id}`, { data: '{"a":2}' })).body.schedule.data, '{"a":2}')
})

test('PUT changes what is present, and what was read can be sent back', async () => {
  const full = await create({ every: 60_000, message_name: 'm', ends_at: api.clock.now + 3_600_000 })
  api.clock.now += 90_000
  const same = await api.call('PUT', `${base}/${full.id}`, full)
  assert.equal(same.status, 200, JSON.stringify(same.body))
  // No node has run it: what is due stays due.
  assert.deepEqual(same.body.schedule, { ...full, updated_at: api.clock.now })
  const { schedule } = (await api.call('PATCH', `${base}/${full.id}`, { message_name: null, ends_at: null })).body
  assert.deepEqual([schedule.message_name, schedule.ends_at, schedule.every], [null, null, 60_000])
  assert.equal(schedule.next_runs[0], full.created_at + 120_000)
  const cron = (await api.call('PUT', `${base}/${full.id}`, { cron: '0 0 * * *', every: null })).body.schedule
  assert.deepEqual([cron.cron, 'every' in cron], ['0 0 * * *', false])
  assert.equal((await api.call('PUT', `${base}/${full.id}`, { cron: '0 0 * * *', at: 5 })).status, 422)
  assert.equal((await api.call('PUT', `${base}/${full.id}`, { run_count: 7 })).body.schedule.run_count, 0)
})

test('a pause skips what falls into it', async () => {
  const { id, created_at } = await create({ every: 60_000 })
  assert.deepEqual((await api.call('PUT', `${base}/${id}`, { paused: true })).body.schedule.next_runs, [])
  api.clock.now += 150_000
  const { schedule } = (await api.call('PUT', `${base}/${id}`, { paused: false })).body
  assert.equal(schedule.next_runs[0], created_at + 180_000)
  assert.deepEqual(api.carried.at(-1), { dueAt: created_at + 180_000 })
})

test('a change never brings back what has run, even where the clock was set back', async () => {
  const schedule = await create({ every: 60_000 })
  api.clock.now += 60_000
  await step(schedule)
  const due = api.clock.now
  api.clock.now -= 30_000
  const { body } = await api.call('PUT', `${base}/${schedule.id}`, { every: 30_000 })
  assert.equal(body.schedule.next_runs[0], due + 30_000)
  api.clock.now += 30_000
})

test('a change by an ETag that is not current is a 409; runs are no change', async () => {
  const schedule = await create({ every: 60_000 })
  const url = `${base}/${schedule.id}`
  const headers = { 'x-api-key': OWNER_KEY }
  const { etag } = (await api.inject({ method: 'GET', url, headers })).headers
  await step(schedule)
  const change = (body: object) =>
    api.inject({ method: 'PUT', url, headers: { ...headers, 'if-match': String(etag) }, payload: body })
  assert.equal((await change({ paused: true })).statusCode, 200)
  assert.equal((await change({ paused: false })).statusCode, 409)
  const removal = await api.inject({ method: 'DELETE', url, headers: { ...headers, 'if-match': String(etag) } })
  assert.equal(removal.statusCode, 409)
})

test('running it now makes its message, which counts as no run', async () => {
  const schedule = await create({ every: 60_000, data: '{"now":1}', message_name: 'by-hand', paused: true })
  const { status, body } = await api.call('POST', `${base}/${schedule.id}/run`)
  assert.equal(status, 200, JSON.stringify(body))
  const { id } = body.message
  const path = `/v1/queues/${queue.id}/messages/${id}`
  assert.deepEqual(body, { message: { id, name: 'by-hand' }, _links: { self: { href: `http://localhost:80${path}` } } })
  assert.equal((await api.call('GET', path)).body.message.data, '{"now":1}')
  assert.deepEqual(await read(schedule.id), schedule)
  assert.deepEqual((await api.call('GET', `${base}/${schedule.id}/runs`)).body.runs, [])
  const headers = { 'x-api-key': OWNER_KEY, 'idempotency-key': 'once' }
  const first = await api.inject({ method: 'POST', url: `${base}/${schedule.id}/run`, headers })
  const again = await api.inject({ method: 'POST', url: `${base}/${schedule.id}/run`, headers })
  assert.deepEqual([first.statusCode, again.body, again.headers['idempotency-replayed']], [200, first.body, 'true'])
})

test('the history of runs has the latest first, with the message that each made or why it made none', async () => {
  const schedule = await create({ every: 60_000 })
  const first = schedule.next_runs[0]
  await step(schedule)
  await step(schedule, 'no room')
  await step(schedule)
  const url = `${base}/${schedule.id}/runs`
  const ran_at = api.clock.now
  const runs = [
    { due_at: first + 2 * MINUTE, ran_at, message_id: 'a-message' },
    { due_at: first + MINUTE, ran_at, message_id: null, error: 'no room' },
    { due_at: first, ran_at, message_id: 'a-message' },
  ]
  assert.deepEqual((await api.call('GET', url)).body, { runs, _links: { self: { href: `http://localhost:80${url}` } } })
  const { run_count, last_run_at, last_message_id } = await read(schedule.id)
  assert.deepEqual([run_count, last_run_at, last_message_id], [2, first + 2 * MINUTE, 'a-message'])
  const page = (await api.call('GET', `${url}?per_page=2`)).body
  assert.deepEqual(page.runs, runs.slice(0, 2))
  await step(schedule)
  const next = (await api.call('GET', page._links.next.href.replace('http://localhost:80', ''))).body
  assert.deepEqual([next.runs, next._links.next], [runs.slice(2), undefined])
})

test('a listing is paged by cursors, newest first, with all of each where that is asked for', async () => {
  const own = (await api.call('POST', '/v1/queues', { name: 'listed-schedules' })).body.queue
  const at = `/v1/queues/${own.id}/schedules`
  const all: Json[] = []
  for (let i = 0; i < 3; i++) {
    api.clock.now += 1
    all.unshift(await create({ every: 60_000 }, at))
  }
  const refs = all.map(({ id, name }) => ({ id, name }))
  const { body } = await api.call('GET', `${at}?_embed`)
  assert.deepEqual(body.schedules, refs)
  assert.deepEqual(body._embedded.schedules, all)
  assert.equal(body._links[all[0].name].href, `http://localhost:80${at}/${all[0].id}`)
  const page = (await api.call('GET', `${at}?per_page=2`)).body
  assert.deepEqual(page.schedules, refs.slice(0, 2))
  api.clock.now += 1
  await create({ every: 60_000 }, at)
  const next = await api.call('GET', page._links.next.href.replace('http://localhost:80', ''))
  assert.deepEqual(next.body.schedules, refs.slice(2))
})

test('a deleted schedule is gone, and what it made stays', async () => {
  const { id } = await create({ every: 60_000 })
  const { message } = (await api.call('POST', `${base}/${id}/run`)).body
  const { status, body } = await api.call('DELETE', `${base}/${id}`)
  assert.deepEqual([status, body], [200, { _links: { self: { href: `http://localhost:80${base}/${id}` } } }])
  for (const [method, path] of [
    ['GET', ''],
    ['PUT', ''],
    ['DELETE', ''],
    ['POST', '/run'],
    ['GET', '/runs'],
  ]) {
    const answer = await api.call(method!, `${base}/${id}${path}`, method === 'PUT' ? {} : undefined)
    assert.deepEqual([answer.status, answer.body.detail], [404, 'no schedule of this queue has this id'])
  }
  assert.equal((await api.call('GET', `/v1/queues/${queue.id}/messages/${message.id}`)).status, 200)
})

test('a key needs the scope for schedules, of the queue or of the schedule', async () => {
  const schedule = await create({ every: 60_000 })
  const keyFor = async (access: string, targets: unknown) => {
    const scopes = [{ resource: 'schedules', access, targets }]
    return (await api.call('POST', '/v1/api_keys', { scopes })).body.api_key
  }
  const reader = await keyFor('read', '*')
  assert.equal((await api.call('GET', base, undefined, reader)).status, 200)
  assert.equal((await api.call('POST', base, { name: 'no', every: 5_000, data: '' }, reader)).status, 403)
  assert.equal((await api.call('POST', `${base}/${schedule.id}/run`, undefined, reader)).status, 403)
  const ofOne = await keyFor('write', [schedule.id])
  assert.equal((await api.call('PUT', `${base}/${schedule.id}`, {}, ofOne)).status, 200)
  const visible = (await api.call('GET', base, undefined, ofOne)).body.schedules
  assert.deepEqual(visible, [{ id: schedule.id, name: schedule.name }])
  assert.equal((await api.call('POST', base, { name: 'no', every: 5_000, data: '' }, ofOne)).status, 403)
  const messages = (
    await api.call('POST', '/v1/api_keys', { scopes: [{ resource: 'messages', access: 'write', targets: '*' }] })
  ).body.api_key
  assert.equal((await api.call('GET', base, undefined, messages)).status, 403)
})

test('a quota that is used up is a 402, a queue that is being deleted a 423', async () => {
  const fresh = await startApi()
  const { id } = (await fresh.call('POST', '/v1/queues', { name: 'q' })).body.queue
  const at = `/v1/queues/${id}/schedules`
  const { first } = fresh.organizations
  await fresh.store.organizations.update({ id: first, changes: { limits: { schedules: 1 } }, now: fresh.clock.now })
  const body = (name: string) => ({ name, every: 5_000, data: '' })
  assert.equal((await fresh.call('POST', at, body('one'))).status, 200)
  const { status, body: refused } = await fresh.call('POST', at, body('two'))
  assert.deepEqual([status, refused.errors[0].path], [402, '/limits/schedules'])
  await fresh.call('DELETE', `/v1/queues/${id}`)
  assert.equal((await fresh.call('POST', at, body('three'))).status, 423)
  assert.equal((await fresh.call('GET', at)).status, 404)
  await fresh.app.close()
})

test('a schedule that this server cannot read is listed with the reason, and can be changed to one that it can', async () => {
  const { store, clock } = api
  const queueOf = { organizationId: api.organizations.first, queueId: queue.id }
  const bounds = { startsAt: null, endsAt: null, createdAt: clock.now, updatedAt: clock.now }
  const rules = { paused: false, catchUp: 'none' as const, overlap: 'allow' as const, jitterMs: 0 }
  const rest = {
    name: 'sunken',
    data: '{}',
    messageName: null,
    key: null,
    headers: null,
    mediaType: null,
    expiresInMs: null,
    ...rules,
  }
  const schedule = { id: 'schedule0000000000001', ...queueOf, ...bounds, ...rest, timezone: 'Atlantis/Capital' }
  const timing = { cron: '* * * * *' }
  assert.equal(await store.schedules.create({ ...schedule, timing }, clock.now + MINUTE), 'created')
  const { status, body } = await api.call('GET', `${base}?_embed`)
  assert.equal(status, 200)
  const listed = body._embedded.schedules.find(({ id }: Json) => id === schedule.id)
  assert.deepEqual(listed.next_runs, [])
  assert.match(listed.error, /"Atlantis\/Capital" is not in the time zone data/)
  const at = `${base}/${schedule.id}`
  assert.equal((await api.call('PUT', at, { paused: true })).status, 200)
  const refused = await api.call('PUT', at, { paused: false })
  assert.equal(refused.status, 422)
  assert.match(JSON.stringify(refused.body.errors), /is not in the time zone data/)
  const changed = await api.call('PUT', at, { paused: false, timezone: 'Europe/Berlin' })
  assert.equal(changed.status, 200)
  assert.equal(changed.body.schedule.next_runs.length, 5)
  assert.ok(!('error' in changed.body.schedule))
  await api.call('DELETE', at)
})

test('a zone before the cron expression is the time zone, and one beside it must be the same', async () => {
  const schedule = await create({ cron: 'CRON_TZ=Europe/Berlin 0 9 * * MON-FRI' })
  assert.deepEqual([schedule.cron, schedule.timezone], ['0 9 * * MON-FRI', 'Europe/Berlin'])
  const same = await create({ cron: 'TZ=europe/berlin @daily', timezone: 'Europe/Berlin' })
  assert.deepEqual([same.cron, same.timezone], ['@daily', 'Europe/Berlin'])
  const other = { name: 'other', data: '{}', cron: 'CRON_TZ=Europe/Berlin 0 9 * * *', timezone: 'UTC' }
  const { status, body } = await api.call('POST', base, other)
  assert.deepEqual([status, body.errors[0].path], [422, '/timezone'])
  assert.match(body.errors[0].message, /must be Europe\/Berlin, as cron says/)
  const gone = await api.call('POST', base, { ...other, timezone: undefined, cron: 'TZ=Atlantis/Capital 0 9 * * *' })
  assert.deepEqual([gone.status, gone.body.errors[0].path], [422, '/cron'])
  const changed = await api.call('PUT', `${base}/${schedule.id}`, { cron: 'TZ=Asia/Tokyo 0 9 * * *' })
  assert.equal(changed.body.schedule.timezone, 'Asia/Tokyo')
})

test('a schedule may begin after the year 3000; where nothing is due any more, or a date is past 9999, a line says so', async () => {
  const answer = (body: object) =>
    api.call('POST', base, { name: `far-${Math.random()}`, data: 'x', timezone: 'Europe/Berlin', ...body })
  const made = await answer({ cron: '0 9 29 2 *', starts_at: Date.UTC(3001, 0, 1) })
  assert.equal(made.status, 200, JSON.stringify(made.body))
  assert.equal(made.body.schedule.next_runs[0], Date.UTC(3004, 1, 29, 8))
  for (const [startsAt, path, message] of [
    [Date.UTC(9999, 2, 1), '/cron', /has no due time from now on between starts_at and ends_at/],
    [Date.UTC(9999, 11, 31, 23, 59, 59) + 1, '/starts_at', /must be at most 253402300799000/],
  ] as const) {
    const { status, body } = await answer({ cron: '0 9 29 2 *', starts_at: startsAt })
    assert.deepEqual([status, body.errors[0].path], [422, path])
    assert.match(body.errors[0].message, message)
  }
})

test('the schedules of all queues are listed together, page by page, and only those that the key may see', async () => {
  const one = await startApi()
  const at: string[] = []
  for (const name of ['a', 'b']) at.push(`/v1/queues/${(await one.call('POST', '/v1/queues', { name })).body.queue.id}`)
  const made: Json[] = []
  for (let i = 0; i < 5; i++) {
    one.clock.now += 1
    const body = { name: `s${i}`, every: 3_600_000, data: 'x' }
    made.unshift((await one.call('POST', `${at[i % 2]}/schedules`, body)).body.schedule)
  }
  const refs = made.map(({ id, name }) => ({ id, name }))
  const { status, body } = await one.call('GET', '/v1/schedules')
  assert.deepEqual([status, body.schedules, body._embedded], [200, refs, undefined])
  assert.match(body._links.s4.href, new RegExp(`${at[0]}/schedules/${refs[0]!.id}$`))
  const seen: Json[] = []
  let next = '/v1/schedules?per_page=2&_embed'
  for (let pages = 0; pages < 3; pages++) {
    const page = (await one.call('GET', next)).body
    seen.push(...page._embedded.schedules)
    if (page._links.next !== undefined) next = new URL(page._links.next.href).href.replace('http://localhost:80', '')
  }
  assert.deepEqual(seen, made)
  assert.deepEqual(
    seen.map(({ queue_id }) => queue_id),
    [0, 1, 0, 1, 0].map((index) => at[index]!.split('/').at(-1)),
  )
  const targets = [at[1]!.split('/').at(-1), refs[2]!.id]
  const scopes = [{ resource: 'schedules', access: 'read', targets }]
  const key = (await one.call('POST', '/v1/api_keys', { scopes })).body.api_key
  assert.deepEqual((await one.call('GET', '/v1/schedules', undefined, key)).body.schedules, refs.slice(1, 4))
  const other = [{ resource: 'messages', access: 'read', targets: '*' }]
  const without = (await one.call('POST', '/v1/api_keys', { scopes: other })).body.api_key
  assert.equal((await one.call('GET', '/v1/schedules', undefined, without)).status, 403)
  assert.equal((await one.call('GET', '/v1/schedules', undefined, OTHER_OWNER_KEY)).body.schedules.length, 0)
  await one.app.close()
})
