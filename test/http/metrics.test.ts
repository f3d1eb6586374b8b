import assert from 'node:assert/strict'
import { statSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { diskFamilies } from '../../src/http/metrics/disk.ts'
import { StoreUnavailable } from '../../src/store/store.ts'
import { OTHER_OWNER_KEY, OWNER_KEY, sharedApi, type TestApi } from '../support/server/api.ts'
import { type PrometheusSample, readExposition } from '../support/server/prometheus.ts'

const api = await sharedApi()

async function scrape(from: TestApi = api): Promise<PrometheusSample[]> {
  const { statusCode, headers, body } = await from.inject({ method: 'GET', url: '/metrics' })
  assert.equal(statusCode, 200)
  assert.equal(headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8')
  return readExposition(body)
}

function figureOf(samples: readonly PrometheusSample[], name: string, labels: Record<string, string> = {}) {
  const found = samples.filter(
    (sample) => sample.name === name && Object.entries(labels).every(([label, text]) => sample.labels[label] === text),
  )
  assert.ok(found.length <= 1, `${name} is there ${found.length} times`)
  return found[0]?.value
}

test('metrics are there, on a server of its own machine without a key, in a form that Prometheus reads', async () => {
  const samples = await scrape()
  assert.equal(figureOf(samples, 'discue_build_info', { version: '1.2.3' }), 1)
  for (const name of ['discue_messages_accepted_total', 'discue_lanes', 'process_resident_memory_bytes']) {
    assert.equal(typeof figureOf(samples, name), 'number', name)
  }
})

test('requests count by method, route and class of status, and paths that do not exist together', async () => {
  const of = (samples: PrometheusSample[], method: string, route: string, status: string) =>
    figureOf(samples, 'discue_http_requests_total', { method, route, status }) ?? 0
  const before = await scrape()
  await api.call('GET', '/queues')
  await api.call('GET', '/v1/queues')
  await api.call('GET', '/v1/queues/000000000000000000000')
  await api.call('PUT', '/v1/queues')
  await api.inject({ method: 'GET', url: '/v1/secrets-in-a-path' })
  await api.inject({ method: 'PROPFIND' as 'GET', url: '/v1/queues' })
  const after = await scrape()
  const grown = (method: string, route: string, status: string) =>
    of(after, method, route, status) - of(before, method, route, status)
  assert.equal(grown('GET', '/v1/queues', '2xx'), 2)
  assert.equal(grown('GET', '/v1/queues/:queueId', '4xx'), 1)
  assert.equal(grown('PUT', '/v1/queues', '4xx'), 1)
  assert.equal(grown('GET', 'none', '4xx'), 1)
  assert.equal(grown('other', 'none', '5xx'), 1)
  assert.equal(grown('GET', '/metrics', '2xx'), 1)
})

test('what the engine counts is shown', async () => {
  const own = await sharedApi()
  own.counters.acceptedMessages = 7
  own.counters.deliveries.missed = 2
  own.counters.attempts.set('connection_refused', 3)
  own.counters.attemptSeconds.observe(0.02)
  const samples = await scrape(own)
  assert.equal(figureOf(samples, 'discue_messages_accepted_total'), 7)
  assert.equal(figureOf(samples, 'discue_deliveries_total', { result: 'missed' }), 2)
  assert.equal(figureOf(samples, 'discue_delivery_attempts_total', { outcome: 'connection_refused' }), 3)
  assert.equal(figureOf(samples, 'discue_delivery_attempt_seconds_bucket', { le: '0.01' }), 0)
  assert.equal(figureOf(samples, 'discue_delivery_attempt_seconds_bucket', { le: '0.025' }), 1)
  assert.equal(figureOf(samples, 'discue_delivery_attempt_seconds_sum'), 0.02)
})

test('what waits is told by queue and listener, by id and name, with the age of the oldest; nothing tells a URL or data', async () => {
  const own = await sharedApi()
  const made = await own.call('POST', '/queues', { name: 'name-of-queue' })
  const { id } = made.body.queue
  const listener = { name: 'name-of-listener', notify_url: 'http://host-of-listener.test/' }
  await own.call('POST', `/queues/${id}/listeners`, listener)
  const message = { data: 'data-of-message', name: 'name-of-message' }
  await own.call('POST', `/queues/${id}/messages`, message)
  own.clock.now += 90_000
  await own.call('POST', `/queues/${id}/messages`, message)
  const samples = await scrape(own)
  assert.equal(figureOf(samples, 'discue_queue_waiting_deliveries', { queue: id, queue_name: 'name-of-queue' }), 2)
  const labels = { queue: id, queue_name: 'name-of-queue', listener_name: 'name-of-listener' }
  assert.equal(figureOf(samples, 'discue_listener_waiting_deliveries', labels), 2)
  assert.equal(figureOf(samples, 'discue_listener_oldest_waiting_seconds', labels), 90)
  assert.equal(figureOf(samples, 'discue_listener_down', labels), 0)
  assert.equal(figureOf(samples, 'discue_listener_missed_deliveries', { listener: 'other' }), 0)
  assert.equal(figureOf(samples, 'discue_queue_oldest_waiting_seconds', { queue: id }), 90)
  assert.equal(figureOf(samples, 'discue_queue_waiting_deliveries', { queue: 'other' }), 0)
  const { body } = await own.inject({ method: 'GET', url: '/metrics' })
  assert.doesNotMatch(body, /(host|data|name)-of-(listener\.test|message)|owner/)
})

test('what is paused on purpose waits, and is not overdue', async () => {
  const own = await sharedApi()
  const { id } = (await own.call('POST', '/queues', { name: 'paused', paused: true })).body.queue
  await own.call('POST', `/queues/${id}/listeners`, { name: 'l', notify_url: 'http://l.test/' })
  await own.call('POST', `/queues/${id}/messages`, { data: 'x' })
  own.clock.now += 90_000
  const samples = await scrape(own)
  assert.equal(figureOf(samples, 'discue_queue_waiting_deliveries', { queue: id }), 1)
  assert.equal(figureOf(samples, 'discue_queue_oldest_waiting_seconds', { queue: id }), 0)
})

test('the sizes of a database that is a file are told, and the room on its disk', async () => {
  const path = fileURLToPath(import.meta.url)
  const families = await diskFamilies(path)
  const values = families.map(({ name, ...rest }) => [name, 'samples' in rest ? rest.samples[0]!.value : null])
  const [database, free] = values as [[string, number], [string, number]]
  assert.deepEqual(database, ['discue_database_bytes', statSync(path).size])
  assert.ok(free[0] === 'discue_disk_free_bytes' && free[1] > 0)
  assert.deepEqual(await diskFamilies(null), [])
  assert.deepEqual(await diskFamilies('/no/such/folder/discue.db'), [])
})

test('the store is not asked by every scrape, and one that is away takes nothing but the backlog', async () => {
  let asked = 0
  const wrap = (deps: TestApi['deps']) => {
    const deliveries = Object.assign(Object.create(deps.store.deliveries), {
      backlog: async () => {
        asked += 1
        throw new StoreUnavailable('the disk is full')
      },
    })
    return { store: { ...deps.store, deliveries } }
  }
  const own = await sharedApi({ wrap })
  for (let turn = 0; turn < 3; turn++) {
    const samples = await scrape(own)
    assert.equal(figureOf(samples, 'discue_messages_accepted_total'), 0)
    assert.ok(!samples.some(({ name }) => name === 'discue_queue_waiting_deliveries'))
  }
  assert.equal(asked, 1)
  own.clock.now += 5_000
  await scrape(own)
  assert.equal(asked, 2)
})

test('with a port of their own they are not on this one', async () => {
  const own = await sharedApi({ metricsAccess: 'elsewhere' })
  assert.equal((await own.inject({ method: 'GET', url: '/metrics' })).statusCode, 404)
})

const keyed = await sharedApi({ metricsAccess: 'key' })
const made = async (body: object, owner = OWNER_KEY) => (await keyed.call('POST', '/v1/api_keys', body, owner)).body
const stats = (targets: unknown = '*') => ({ scopes: [{ resource: 'stats', access: 'read', targets }] })

/** Asks for the metrics of a server that clients on other machines reach. */
async function ask(headers: Record<string, string>, remoteAddress = '192.0.2.9') {
  const answer = await keyed.inject({ method: 'GET', url: '/metrics', headers, remoteAddress })
  return { status: answer.statusCode, body: answer.body, headers: answer.headers }
}

test('where others reach the server, keys of the root organization that may read statistics see the metrics', async () => {
  const plain = await made({})
  const reader = await made(stats())
  for (const key of [OWNER_KEY, plain.api_key, reader.api_key]) {
    const ways: Record<string, string>[] = [
      { 'x-api-key': key },
      { authorization: `Bearer ${key}` },
      { authorization: `bearer ${key}` },
    ]
    for (const headers of ways) {
      const answer = await ask(headers)
      assert.equal(answer.status, 200)
      assert.match(answer.body, /^discue_build_info/m)
    }
  }
  assert.ok(keyed.used.some(({ apiKeyId }) => apiKeyId === reader.id))
})

test('other keys get 403, of other organizations all of them, and see nothing', async () => {
  const queue = (await keyed.call('POST', '/v1/queues', { name: 'q' })).body.queue
  const keys = [
    OTHER_OWNER_KEY,
    (await made({}, OTHER_OWNER_KEY)).api_key,
    (await made(stats(), OTHER_OWNER_KEY)).api_key,
    (await made({ scopes: [{ resource: 'queues', access: 'write', targets: '*' }] })).api_key,
    (await made(stats([queue.id]))).api_key,
    (await made({ scopes: [] })).api_key,
  ]
  for (const key of keys) {
    const answer = await ask({ authorization: `Bearer ${key}` })
    assert.equal(answer.status, 403)
    assert.match(JSON.parse(answer.body).detail, /root organization with stats: read/)
    assert.ok(!answer.body.includes(queue.id))
  }
})

test('without a key it is 401, which counts for no lock-out; wrong keys do, as everywhere', async () => {
  for (let turn = 0; turn < 20; turn++) {
    for (const headers of [{}, { authorization: 'Basic dXNlcg==' }, { authorization: 'Bearer' }, { 'x-api-key': '' }]) {
      const answer = await ask(headers as Record<string, string>, '192.0.2.50')
      assert.equal(answer.status, 401)
      assert.equal(answer.headers['www-authenticate'], 'Bearer')
      assert.match(JSON.parse(answer.body).detail, /X-API-KEY header, or as Authorization: Bearer/)
    }
  }
  assert.equal((await ask({ 'x-api-key': OWNER_KEY }, '192.0.2.50')).status, 200)
  for (let turn = 0; turn < 10; turn++) {
    assert.equal((await ask({ authorization: 'Bearer wrong' }, '192.0.2.50')).status, 401)
  }
  const locked = await ask({ 'x-api-key': OWNER_KEY }, '192.0.2.50')
  assert.deepEqual([locked.status, locked.headers['retry-after']], [403, '60'])
  assert.equal((await ask({ 'x-api-key': OWNER_KEY }, '192.0.2.51')).status, 200)
})
