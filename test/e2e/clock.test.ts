import assert from 'node:assert/strict'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { createClient } from '../support/server/client.ts'
import { startReceiver } from '../support/server/receiver.ts'
import { makeFolder, startServerProcess, TEST_ROOT_KEY } from '../support/server/server-process.ts'

const HOUR_MS = 3_600_000
const timeout = 60_000

interface Setting {
  client: ReturnType<typeof createClient>
  server: Awaited<ReturnType<typeof startServerProcess>>
  advance(ms: number): Promise<number>
  addQueue(name: string, listener: object): Promise<string>
  restart(): Promise<void>
}

async function start(t: TestContext, env: Record<string, string> = { DISCUE_CLOCK: 'manual' }): Promise<Setting> {
  const folder = makeFolder()
  t.after(() => folder[Symbol.dispose]())
  const database = `sqlite:${join(folder.path, 'discue.db')}`
  const run = () => startServerProcess({ DISCUE_DATABASE_URL: database, DISCUE_ROOT_API_KEY: TEST_ROOT_KEY, ...env })
  let server = await run()
  t.after(() => server.end('SIGKILL'))
  const client = createClient(() => server.url)
  return {
    client,
    get server() {
      return server
    },
    async advance(ms) {
      const { status, body } = await client.call('POST', '/clock/advance', { ms })
      assert.equal(status, 200, JSON.stringify(body))
      return body.clock.now
    },
    async addQueue(name, listener) {
      const { body } = await client.call('POST', '/queues', { name })
      const answer = await client.call('POST', `/queues/${body.queue.id}/listeners`, { name: 'l', ...listener })
      assert.equal(answer.status, 200, JSON.stringify(answer.body))
      return body.queue.id
    },
    async restart() {
      await server.end('SIGKILL')
      server = await run()
    },
  }
}

test('time stands still until it is moved, and starts again where it stood', { timeout }, async (t) => {
  const setting = await start(t)
  const first = await setting.advance(0)
  assert.equal(await setting.advance(0), first)
  assert.equal(await setting.advance(24 * HOUR_MS), first + 24 * HOUR_MS)
  await setting.restart()
  assert.equal(await setting.advance(1), first + 24 * HOUR_MS + 1)
})

test('a jump delivers what becomes due in it, and has it delivered when it answers', { timeout }, async (t) => {
  const setting = await start(t)
  const receiver = await startReceiver()
  const queueId = await setting.addQueue('later', { notify_url: receiver.url })
  const now = await setting.advance(0)
  for (const hours of [3, 1, 5]) {
    const body = { data: `${hours}`, delay: hours * HOUR_MS }
    await setting.client.call('POST', `/queues/${queueId}/messages`, body)
  }
  await setting.advance(HOUR_MS - 1)
  assert.deepEqual(receiver.received, [])
  await setting.advance(2 * HOUR_MS + 1)
  const arrived = receiver.received.map(({ body, headers }) => [body, Number(headers['webhook-timestamp'])])
  const seconds = (hours: number) => Math.floor((now + hours * HOUR_MS) / 1_000)
  assert.deepEqual(arrived, [
    ['1', seconds(1)],
    ['3', seconds(3)],
  ])
})

test('a jump right after a start runs every schedule at its time, and has run them when it answers', {
  timeout,
}, async (t) => {
  const setting = await start(t)
  const schedules: string[] = []
  for (let queue = 0; queue < 20; queue++) {
    const { body } = await setting.client.call('POST', '/queues', { name: `queue-${queue}` })
    const path = `/queues/${body.queue.id}/schedules`
    const added = await setting.client.call('POST', path, { name: 'minutely', every: 60_000, data: 'x' })
    schedules.push(`${path}/${added.body.schedule.id}`)
  }
  // From here on the server knows none of the queues until it needs them.
  await setting.restart()
  await setting.advance(180_000)
  for (const path of schedules) {
    const { runs } = (await setting.client.call('GET', `${path}/runs`)).body
    const late = runs.map((run: { due_at: number; ran_at: number }) => run.ran_at - run.due_at)
    assert.deepEqual(late, [0, 0, 0])
  }
})

test('the retries of a failing listener are made within one jump, each at its due time', { timeout }, async (t) => {
  const setting = await start(t)
  const receiver = await startReceiver((_, response) => {
    response.statusCode = 500
    response.end()
  })
  const retry = { max_attempts: 16, initial_delay: 1_000, max_delay: 8 * HOUR_MS, multiplier: 4 }
  const queueId = await setting.addQueue('failing', { notify_url: receiver.url, retry })
  const start_ = await setting.advance(0)
  const { body } = await setting.client.call('POST', `/queues/${queueId}/messages`, { data: 'x' })
  const path = `/queues/${queueId}/messages/${body.message.id}`
  await setting.advance(0)
  await setting.advance(7 * 24 * HOUR_MS)
  const { attempts } = (await setting.client.call('GET', `${path}/attempts`)).body
  assert.equal(attempts.length, 16)
  const times: number[] = attempts.map(({ started_at }: { started_at: number }) => started_at).reverse()
  assert.equal(times[0], start_)
  for (const [index, time] of times.slice(1).entries()) {
    const delay = Math.min(1_000 * 4 ** index, 8 * HOUR_MS)
    const waited = time - times[index]!
    assert.ok(waited >= 0.8 * delay - 1 && waited <= 1.2 * delay + 1, `attempt ${index + 2} after ${waited} ms`)
  }
  assert.equal((await setting.client.call('GET', path)).body.message.status, 'missed')
})

test('a listener that never answers does not hold a jump for ever: its attempts end by their timeout', {
  timeout,
}, async (t) => {
  const setting = await start(t)
  const receiver = await startReceiver(() => {})
  const retry = { max_attempts: 3, initial_delay: 1_000, max_delay: 1_000, multiplier: 1 }
  const queueId = await setting.addQueue('hanging', { notify_url: receiver.url, retry, timeout: 5_000 })
  const { body } = await setting.client.call('POST', `/queues/${queueId}/messages`, { data: 'x' })
  const path = `/queues/${queueId}/messages/${body.message.id}`
  await setting.advance(HOUR_MS)
  const { attempts } = (await setting.client.call('GET', `${path}/attempts`)).body
  assert.deepEqual(
    attempts.map(({ error, duration }: { error: string; duration: number }) => [error, duration]),
    Array(3).fill(['timeout', 5_000]),
  )
})

test('a server whose clock stands still stops as quickly as any other', { timeout }, async (t) => {
  const setting = await start(t)
  const receiver = await startReceiver()
  const queueId = await setting.addQueue('later', { notify_url: receiver.url })
  await setting.client.call('POST', `/queues/${queueId}/messages`, { data: 'x', delay: HOUR_MS })
  assert.equal(await setting.server.end('SIGTERM'), 0)
  await setting.restart()
  await setting.advance(HOUR_MS)
  assert.equal(receiver.received.length, 1)
})

test('nonsense is refused, and so is every key but the root key', { timeout }, async (t) => {
  const setting = await start(t)
  for (const ms of [-1, 1.5, '5', null, 11 * 366 * 24 * HOUR_MS, undefined]) {
    const { status, body } = await setting.client.call('POST', '/clock/advance', { ms })
    assert.deepEqual([status, body.errors[0].path], [422, '/ms'], String(ms))
  }
  const { body } = await setting.client.call('POST', '/api_clients', { name: 'tenant' })
  const tenant = createClient(() => setting.server.url, body.api_key)
  assert.equal((await tenant.call('POST', '/clock/advance', { ms: 1 })).status, 403)
  const nobody = createClient(() => setting.server.url, 'unknown')
  assert.equal((await nobody.call('POST', '/clock/advance', { ms: 1 })).status, 401)
  const plain = await fetch(`${setting.server.url}/clock/advance`, {
    method: 'POST',
    headers: { 'x-api-key': TEST_ROOT_KEY, 'content-type': 'application/json' },
    body: '{"ms":1}',
  })
  assert.equal(plain.status, 200)
})

test('a server whose clock runs by itself answers 501, before anything else', { timeout }, async (t) => {
  const setting = await start(t, {})
  for (const body of [{ ms: 1 }, {}]) {
    const answer = await setting.client.call('POST', '/clock/advance', body)
    assert.deepEqual([answer.status, answer.body.title], [501, 'Not Implemented'])
  }
  assert.equal((await setting.client.call('GET', '/clock/advance')).status, 405)
})
