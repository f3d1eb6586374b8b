import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Caller, callerOf, keepDoing } from './caller.ts'
import { createQueue, type Tenant } from './tenant.ts'

/** What a greedy tenant does: resolves once it has begun, and goes on until the process ends. */
export type Abuse = (tenant: Tenant, ask: { hang: string }) => Promise<void>

const MIB = 1024 * 1024
const text = (length: number) => 'x'.repeat(length)
const NONE = JSON.stringify({})

/** A queue whose messages wait to be pulled, so that they cost what taking them costs. */
async function quietQueue(tenant: Tenant, listeners = 1): Promise<{ caller: Caller; queue: string; path: string }> {
  const { id } = await createQueue(tenant, 'greedy', { count: listeners, with: {} })
  return { caller: callerOf(tenant), queue: id, path: `/queues/${id}/messages` }
}

/** By what a request, or many of them, ask for. */
export const requestAbuses: Record<string, Abuse> = {
  async 'deliveries: 10,000 a request'(tenant) {
    const { caller, path } = await quietQueue(tenant, 100)
    const body = batchOf(100, 16)
    keepDoing(2, () => caller.send('POST', `${path}/batch`, body))
  },
  async 'deliveries: 100,000 a request'(tenant) {
    const { caller, path } = await quietQueue(tenant, 100)
    const body = batchOf(1_000, 16)
    keepDoing(2, () => caller.send('POST', `${path}/batch`, body))
  },
  async 'batches of 1,000 messages'(tenant) {
    const { caller, path } = await quietQueue(tenant)
    const body = batchOf(1_000, 256)
    keepDoing(2, () => caller.send('POST', `${path}/batch`, body))
  },
  async 'batches of 16 MiB'(tenant) {
    const { caller, path } = await quietQueue(tenant)
    const body = batchOf(63, 256 * 1024)
    keepDoing(2, () => caller.send('POST', `${path}/batch`, body))
  },
  async 'bodies: 1 MiB of white space'(tenant) {
    const { caller, path } = await quietQueue(tenant)
    const body = `{"data":"x"${' '.repeat(MIB - 20)}}`
    keepDoing(4, () => caller.send('POST', path, body))
  },
  async 'bodies: 16 MiB that is refused'(tenant) {
    const { caller, path } = await quietQueue(tenant)
    const body = `{"messages":[{"data":"${text(16 * MIB - 100)}"}]}`
    keepDoing(2, () => caller.send('POST', `${path}/batch`, body))
  },
  async 'bodies: 200,000 levels'(tenant) {
    const { caller, path } = await quietQueue(tenant)
    const body = `{"data":"x","deep":${'['.repeat(200_000)}${']'.repeat(200_000)}}`
    keepDoing(4, () => caller.send('POST', path, body))
  },
  async 'bodies: data of 100,000 levels under a schema'(tenant) {
    const { caller, queue, path } = await quietQueue(tenant)
    await tenant.call('PUT', `/queues/${queue}`, { schema: { a: { type: 'array', items: { type: 'string' } } } })
    const body = JSON.stringify({ data: `{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}` })
    keepDoing(4, () => caller.send('POST', path, body))
  },
  async 'bodies: a batch of 4,000,000 values'(tenant) {
    const { caller, path } = await quietQueue(tenant)
    const body = `{"messages":[${'{},'.repeat(4_000_000)}{}]}`
    keepDoing(2, () => caller.send('POST', `${path}/batch`, body))
  },
  async 'patterns: a{0,1000} a hundred times'(tenant) {
    const { caller, queue } = await quietQueue(tenant)
    keepDoing(2, (n) => caller.send('PUT', `/queues/${queue}`, schemaOf(Array(100).fill('a{0,1000}').join('') + n)))
  },
  async 'patterns: (a{0,999}){0,999} 256 times'(tenant) {
    const { caller, queue } = await quietQueue(tenant)
    const properties = Object.fromEntries(
      Array.from({ length: 256 }, (_, n) => [`p${n}`, { type: 'string', pattern: `(a{0,999}){0,999}${n}` }]),
    )
    const body = JSON.stringify({ schema: properties })
    keepDoing(2, () => caller.send('PUT', `/queues/${queue}`, body))
  },
  async 'cron: 29 February on a Monday, all from 1970'(tenant) {
    const { caller, queue } = await quietQueue(tenant)
    const schedule = (n: number) => ({
      name: `s-${n}`,
      cron: '0 0 0 29 2 1',
      catch_up: 'last',
      starts_at: 0,
      data: 'x',
    })
    keepDoing(2, (n) => caller.send('POST', `/queues/${queue}/schedules`, JSON.stringify(schedule(n))))
    keepDoing(2, () => caller.send('GET', `/queues/${queue}/schedules?_embed`))
  },
  async 'cron: 30 February'(tenant) {
    const { caller, queue } = await quietQueue(tenant)
    const schedule = (n: number) => ({ name: `s-${n}`, cron: '* * * 30 2 *', data: 'x' })
    keepDoing(2, (n) => caller.send('POST', `/queues/${queue}/schedules`, JSON.stringify(schedule(n))))
  },
  async 'schedules: 2,000 that are due each second'(tenant) {
    const { caller, queue } = await quietQueue(tenant)
    const schedule = (n: number) => ({ name: `s-${n}`, cron: '* * * * * *', data: 'x' })
    for (let made = 0; made < 2_000; made += 100) {
      const some = Array.from({ length: 100 }, (_, n) => JSON.stringify(schedule(made + n)))
      await Promise.all(some.map((body) => caller.send('POST', `/queues/${queue}/schedules`, body)))
    }
  },
  async 'event streams: 2,500'(tenant) {
    const caller = callerOf(tenant)
    keepDoing(2_500, () => caller.send('GET', '/events/stream'))
    await sleep(1_000)
  },
  async 'liveness: 1,400 that hang'(tenant, { hang }) {
    await createQueue(tenant, 'greedy', { count: 1_400, with: { notify_url: hang, liveness_url: hang } })
  },
  async 'preflights that hang'(tenant, { hang }) {
    const { id, listenerIds } = await createQueue(tenant, 'greedy', { count: 64, with: { notify_url: hang } })
    const caller = callerOf(tenant)
    const path = (n: number) => `/queues/${id}/listeners/${listenerIds[n % listenerIds.length]}/check`
    keepDoing(64, (n) => caller.send('POST', path(n), NONE))
  },
  async 'long polls: 2,500'(tenant) {
    const { id, listenerIds } = await createQueue(tenant, 'greedy', { count: 10, with: {} })
    const caller = callerOf(tenant)
    const body = JSON.stringify({ max: 1, wait: 30_000 })
    const path = (n: number) => `/queues/${id}/listeners/${listenerIds[n % listenerIds.length]}/pull`
    keepDoing(2_500, (n) => caller.send('POST', path(n), body))
    await sleep(1_000)
  },
  async 'listings: 100 messages of 256 KiB'(tenant) {
    const { caller, path } = await quietQueue(tenant)
    await fill(caller, path)
    keepDoing(4, () => caller.send('GET', `${path}?_embed&per_page=100`))
  },
  async 'pulls of 4 MiB'(tenant) {
    const { id, listenerIds } = await createQueue(tenant, 'greedy', { count: 1, with: {} })
    const caller = callerOf(tenant)
    await fill(caller, `/queues/${id}/messages`)
    const body = JSON.stringify({ max: 100, lease: 1_000 })
    keepDoing(16, () => caller.send('POST', `/queues/${id}/listeners/${listenerIds[0]}/pull`, body))
  },
  async 'idempotency keys'(tenant) {
    const { caller, path } = await quietQueue(tenant)
    const headers = (n: number) => ({ 'idempotency-key': `key-${n}` })
    keepDoing(8, (n) => caller.send('POST', path, '{"data":"x"}', headers(n)))
  },
  async 'ledgers and listings'(tenant) {
    const { caller, path } = await quietQueue(tenant, 10)
    const body = batchOf(1_000, 64)
    for (let sent = 0; sent < 10; sent++) await caller.send('POST', `${path}/batch`, body)
    keepDoing(2, () => caller.send('GET', '/ledger'))
    keepDoing(2, () => caller.send('GET', `${path}?per_page=100&page=90`))
  },
  async 'redeliveries of 10,000 messages'(tenant, { hang }) {
    const { id, listenerIds } = await createQueue(tenant, 'greedy', { count: 2, with: { notify_url: hang } })
    const caller = callerOf(tenant)
    const body = batchOf(1_000, 64)
    for (let sent = 0; sent < 10; sent++) await caller.send('POST', `/queues/${id}/messages/batch`, body)
    const path = (n: number) => `/queues/${id}/listeners/${listenerIds[n % 2]}/redeliver`
    keepDoing(2, (n) => caller.send('POST', path(n), NONE))
  },
  async 'heads without a key: quotes and spaces'(tenant) {
    const caller = callerOf({ ...tenant, key: null })
    const heads = { accept: `"${'a,'.repeat(2_000)}`, 'content-type': `application/json${' '.repeat(4_000)}x` }
    keepDoing(50, () => caller.send('POST', '/queues', '{}', heads))
  },
  async 'bodies that drip'(tenant) {
    const { caller, path } = await quietQueue(tenant)
    for (let n = 0; n < 500; n++) {
      const socket = caller.socket()
      socket.write(caller.head('POST', path, { 'content-type': 'application/json', 'content-length': '100000' }))
      const timer = setInterval(() => socket.write(' '), 1_000)
      socket.on('close', () => clearInterval(timer))
    }
    await sleep(500)
  },
}

/** A page of messages that are as large as they may be. */
async function fill(caller: Caller, path: string): Promise<void> {
  const body = batchOf(50, 256 * 1024)
  for (let sent = 0; sent < 2; sent++) await caller.send('POST', `${path}/batch`, body)
}

/** Those that ask and never read: posts, listings and the largest page, pipelined. */
export async function askWithoutReading(tenant: Tenant, ask: { bytes: number }): Promise<void> {
  const { caller, path } = await quietQueue(tenant)
  const body = '{"data":"x"}'
  const post = caller.head('POST', path, { 'content-type': 'application/json', 'content-length': String(body.length) })
  const asks = `${post}${body}${caller.head('GET', '/queues?_embed')}`
  const perConnection = Math.ceil(ask.bytes / CONNECTIONS)
  const sockets = Array.from({ length: CONNECTIONS }, () => caller.socket())
  await Promise.all(
    sockets.map(async (socket) => {
      await once(socket, 'connect')
      socket.pause()
      const chunk = asks.repeat(Math.ceil((64 * 1024) / asks.length))
      for (let sent = 0; sent < perConnection && !socket.destroyed; sent += chunk.length) {
        if (socket.write(chunk)) continue
        // A server that does not read on is in the right: what it has not read costs it nothing.
        await Promise.race([once(socket, 'drain'), once(socket, 'close'), sleep(STUCK_MS)]).catch(() => undefined)
        if (socket.writableNeedDrain) return
      }
    }),
  )
}

const CONNECTIONS = 20
const STUCK_MS = 1_000

function schemaOf(pattern: string): string {
  return JSON.stringify({ schema: { p: { type: 'string', pattern } } })
}

function batchOf(count: number, bytes: number): string {
  return JSON.stringify({ messages: Array.from({ length: count }, () => ({ data: text(bytes) })) })
}
