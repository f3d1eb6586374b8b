import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readConfig } from '../../src/config/config.ts'
import { type Server, startServer } from '../../src/server.ts'
import { behindNow, runBehind } from './moving-clock.ts'

export const ROOT_KEY = 'root-key-of-the-dashboard-tests-0123456789-abcdefghijklmnopqrstu'

// biome-ignore lint/suspicious/noExplicitAny: answers are looked into by the tests, each with its own idea of them
type Json = any

/** A real server with a day behind it, and real receivers that behave well, badly, or not at all. */
export interface Fixture {
  url: string
  call(method: string, path: string, body?: unknown, key?: string): Promise<Json>
  /** Ids by name: queues as `orders`, listeners as `orders/shop`. */
  ids: Record<string, string>
  /** How the receivers answer from now on, by name. */
  answers: Record<string, (response: ServerResponse) => void>
  receiverUrl: string
  /** Bodies by the name of the receiver that got them. */
  received: Record<string, string[]>
  close(): Promise<void>
}

const silent = () => undefined
const DAY_MS = 86_400_000
const STEP_MS = 900_000
/** Some hours ago the search was away for five quarters of an hour, and is well again since then. */
const OUTAGE = { steps: 5, fromEnd: 38, messages: 18 }

const ok = (response: ServerResponse) => void response.end('{"ok":true}')
const broken = (response: ServerResponse) => void response.writeHead(503).end('{"error":"maintenance"}')
/** Slow the way that a busy service is: mostly a little, now and then a lot. */
const slow = (response: ServerResponse) => void setTimeout(() => response.end('ok'), Math.random() ** 4 * 260)
const flaky = (response: ServerResponse) => void (Math.random() < 0.03 ? broken(response) : ok(response))

export async function startFixture({ history = true } = {}): Promise<Fixture> {
  const folder = mkdtempSync(join(tmpdir(), 'discue-fixture-'))
  const received: Record<string, string[]> = {}
  const answers: Fixture['answers'] = { shop: flaky, mail: ok, search: slow, ledger: ok, partner: ok, metrics: ok }
  const receivers = createServer(async (request, response) => {
    const body = Buffer.concat(await Array.fromAsync(request)).toString('utf8')
    const name = /^\/(\w+)/.exec(request.url!)?.[1] ?? ''
    if (request.method === 'POST') received[name] = [...(received[name] ?? []), body]
    const answer = answers[name] ?? ok
    answer(response)
  })
  await new Promise<void>((resolve) => receivers.listen(0, '127.0.0.1', resolve))
  const receiverUrl = `http://127.0.0.1:${(receivers.address() as AddressInfo).port}`
  runBehind(history ? DAY_MS : 0)
  const server = await start(folder)
  const call: Fixture['call'] = async (method, path, body, key = ROOT_KEY) => {
    const headers = { 'x-api-key': key, ...(body !== undefined && { 'content-type': 'application/json' }) }
    const response = await fetch(`${server.url}/v1${path}`, { method, headers, body: JSON.stringify(body) })
    const answer: Json = await response.json()
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${JSON.stringify(answer)}`)
    return answer
  }
  const fixture: Fixture = {
    ...{ url: server.url, call, ids: {}, answers, receiverUrl, received },
    async close() {
      receivers.closeAllConnections()
      receivers.close()
      await server.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
  await setUp(fixture)
  await addSchedules(fixture)
  if (history) await liveThrough(fixture)
  else await addTrouble(fixture)
  return fixture
}

function start(folder: string): Promise<Server> {
  const flags = ['--port', '0', '--root-api-key', ROOT_KEY, '--database-url', `sqlite:${join(folder, 'fixture.db')}`]
  flags.push('--domain-verification', 'optional')
  return startServer(readConfig(flags), { debug: silent, info: silent, warn: silent, error: silent })
}

const ORDER_SCHEMA = {
  order: { type: 'number', min: 1 },
  customer: { type: 'string', pattern: '^c-[0-9]+$' },
  total: { type: 'number', min: 0 },
  items: { type: 'array', items: { type: 'string' }, required: false },
}

async function setUp(fixture: Fixture): Promise<void> {
  const listeners: Record<string, string[]> = {
    orders: ['shop', 'mail', 'ledger'],
    'search-index': ['search'],
    'partner-feed': ['partner'],
    telemetry: ['metrics'],
  }
  for (const [queue, names] of Object.entries(listeners)) {
    const schema = queue === 'orders' ? { schema: ORDER_SCHEMA } : {}
    fixture.ids[queue] = (await fixture.call('POST', '/queues', { name: queue, ...schema })).queue.id
    for (const name of names) await addListener(fixture, queue, name)
  }
  await fixture.call('PATCH', `/queues/${fixture.ids.telemetry}`, { paused: true })
  await fixture.call('POST', '/api_keys', {
    name: 'checkout',
    scopes: [{ resource: 'messages', access: 'write', targets: [fixture.ids.orders] }],
  })
  await fixture.call('POST', '/api_keys', {
    name: 'grafana',
    scopes: [{ resource: 'stats', access: 'read', targets: '*' }],
  })
  await fixture.call('POST', '/api_clients', {
    name: 'example.com/staging',
    limits: { messages_per_day: 50_000, queues: 20 },
  })
  await fixture.call('POST', '/api_clients', { name: 'example.com/partners' })
}

async function addSchedules(fixture: Fixture): Promise<void> {
  const { ids } = fixture
  const add = async (queue: string, schedule: { name: string; [setting: string]: unknown }) => {
    const answer = await fixture.call('POST', `/queues/${ids[queue]}/schedules`, { data: '{"run":true}', ...schedule })
    ids[`${queue}/${schedule.name}`] = answer.schedule.id
  }
  await add('search-index', {
    name: 'rebuild',
    ...{ cron: '15 */3 * * *', timezone: 'America/New_York', catch_up: 'all' },
  })
  await add('search-index', { name: 'warm-up', ...{ every: 2_700_000, message_name: 'warm-up', catch_up: 'all' } })
  await add('partner-feed', { name: 'price-list', ...{ cron: '0 6 * * 1-5', timezone: 'Europe/Berlin' } })
}

async function addListener(fixture: Fixture, queue: string, name: string): Promise<void> {
  const { listener } = await fixture.call('POST', `/queues/${fixture.ids[queue]}/listeners`, {
    name,
    notify_url: `${fixture.receiverUrl}/${name}`,
    retry: { max_attempts: 3, initial_delay: 20, max_delay: 60, multiplier: 2 },
  })
  fixture.ids[`${queue}/${name}`] = listener.id
}

export function order(number: number): { name: string; data: string } {
  const data = { order: number, customer: `c-${1000 + ((number * 37) % 900)}`, total: ((number * 7919) % 20_000) / 100 }
  return {
    name: `order-${number}`,
    data: JSON.stringify({ ...data, items: [`SKU-${number % 97}`, `SKU-${number % 13}`] }),
  }
}

/** Quiet at night, busy at noon. */
function volumeAt(ms: number): number {
  const hour = new Date(ms).getUTCHours() + new Date(ms).getUTCMinutes() / 60
  return Math.round(5 + 40 * Math.max(0, Math.sin(((hour - 6) / 16) * Math.PI)))
}

async function liveThrough(fixture: Fixture): Promise<void> {
  let number = 10_000
  const { ids } = fixture
  const wall = Date.now() + DAY_MS
  const lastStep = Math.floor(wall / STEP_MS) * STEP_MS
  for (let at = lastStep - DAY_MS + STEP_MS; at <= lastStep; at += STEP_MS) {
    // Each step begins with a quarter of an hour, which the figures are told by.
    runBehind(Math.max(0, Date.now() + behindNow() - at))
    const volume = volumeAt(at)
    const orders = Array.from({ length: volume }, () => order(number++))
    await fixture.call('POST', `/queues/${ids.orders}/messages/batch`, { messages: orders })
    const left = (lastStep - at) / STEP_MS
    const away = left <= OUTAGE.fromEnd && left > OUTAGE.fromEnd - OUTAGE.steps
    if (left === OUTAGE.fromEnd) await breakDown(fixture)
    // What fails while the breaker is open is tried slowly, so that it gets something once.
    const size = !away ? Math.ceil(volume / 2) : left === OUTAGE.fromEnd ? OUTAGE.messages : 0
    const documents = orders.slice(0, size).map(({ name }) => ({ data: `{"reindex":"${name}"}` }))
    if (size > 0) await fixture.call('POST', `/queues/${ids['search-index']}/messages/batch`, { messages: documents })
    if (left === OUTAGE.fromEnd - OUTAGE.steps) await recover(fixture)
    if (left > 0) await fixture.call('POST', `/queues/${ids.telemetry}/messages`, { data: `{"cpu":${volume}}` })
    // A quarter of an hour ago: what has only begun would be a rate of its own.
    if (left === 1) await addTrouble(fixture)
    await settled(fixture)
  }
  runBehind(0)
}

async function breakDown(fixture: Fixture): Promise<void> {
  fixture.answers.search = broken
  await pauseSchedules(fixture, true)
}

async function pauseSchedules({ ids, call }: Fixture, paused: boolean): Promise<void> {
  for (const name of ['rebuild', 'warm-up']) {
    await call('PATCH', `/queues/${ids['search-index']}/schedules/${ids[`search-index/${name}`]}`, { paused })
  }
}

async function recover(fixture: Fixture): Promise<void> {
  fixture.answers.search = slow
  await pauseSchedules(fixture, false)
}

/** Until nothing waits but for the queue that is paused. */
async function settled(fixture: Fixture): Promise<void> {
  for (let tries = 0; tries < 1_000; tries++) {
    const { _embedded } = await fixture.call('GET', '/queues?_embed')
    if (_embedded.queues.every(({ name, pending_count }: Json) => pending_count === 0 || name === 'telemetry')) return
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  throw new Error('the fixture does not come to rest')
}

/** What an operator would be called for at night. */
async function addTrouble(fixture: Fixture): Promise<void> {
  const { ids } = fixture
  fixture.answers.partner = broken
  const feed = Array.from({ length: 12 }, (_, index) => ({
    name: `price-${index}`,
    data: `{"sku":"SKU-${index}","price":${index * 3}.5}`,
  }))
  await fixture.call('POST', `/queues/${ids['partner-feed']}/messages/batch`, { messages: feed })
  await settled(fixture)
  const { pending_count: waiting } = (await fixture.call('GET', `/queues/${ids.telemetry}`)).queue
  const points = Array.from({ length: 120 - waiting }, (_, index) => ({ data: `{"cpu":${index % 100}}` }))
  await fixture.call('POST', `/queues/${ids.telemetry}/messages/batch`, { messages: points })
}
