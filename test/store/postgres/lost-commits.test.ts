import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { after, test } from 'node:test'
import { createRuntime } from '../../../src/runtime.ts'
import type { Batch } from '../../../src/store/commit/batch.ts'
import { OutcomeUnknown, type Store, StoreUnavailable } from '../../../src/store/store.ts'
import { openPostgresStore } from '../../../src/store-postgres/database.ts'
import { placeOf, testDatabase } from '../../support/postgres/postgres.ts'
import { silentLog } from '../../support/silent-log.ts'
import { waitFor } from '../../support/wait-for.ts'
import { acceptFor, commit, storedFixture } from '../fixture.ts'
import { createMake, NOW } from '../make.ts'

const runtime = createRuntime(silentLog)

/** What becomes of the next commit: its answer, or it itself, is lost, or the node is cut off while it goes on. */
type Fault = 'answer' | 'question' | 'half' | null

/** Between a node and PostgreSQL: cuts the connection of the next commit, and, where it is told to, takes no other. */
async function startProxy(url: string) {
  const { hostname, port } = new URL(url)
  const proxy = { url: '', fault: null as Fault, closed: false, cuts: 0 }
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    if (proxy.closed) return void client.destroy()
    const upstream = connect(Number(port), hostname)
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => undefined)
    }
    let cut: Fault = null
    client.on('data', (chunk) => {
      // Statements have names and are told once: a commit is known by an argument of it.
      if (cut === null && proxy.fault !== null && chunk.includes('cut me')) {
        cut = proxy.fault
        proxy.fault = null
        proxy.cuts += 1
      }
      if (cut === 'question') return void destroy()
      upstream.write(chunk)
      if (cut === 'half') client.destroy()
    })
    upstream.on('data', (chunk) => {
      if (cut === null) client.write(chunk)
      else if (cut === 'answer') destroy()
    })
    client.on('close', () => cut !== 'half' && upstream.destroy())
    upstream.on('close', () => client.destroy())
    function destroy(): void {
      client.destroy()
      upstream.destroy()
      // Else the node asks over another connection that it has.
      if (proxy.closed) for (const socket of sockets) socket.destroy()
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  after(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  const through = new URL(url)
  through.port = String((server.address() as AddressInfo).port)
  proxy.url = through.href
  return proxy
}

const database = await testDatabase()
const proxy = await startProxy(database.url)
const given = { make: createMake(), now: NOW, store: null as unknown as Store }
let hurry = 1
given.store = await openPostgresStore(
  placeOf(proxy.url),
  { ...runtime, elapsedMs: () => runtime.elapsedMs() * hurry },
  { clock: 'caller' },
)
after(() => given.store.close())
const { queue, listeners } = await storedFixture(given)
const idsOf = async () =>
  (await database.query<{ id: string }>('select id from messages order by sequence')).map(({ id }) => id)

test('a commit whose answer is lost is answered as what it is: stored, once, and claimed by the node that has it', async () => {
  const accept = await acceptFor(given, queue, { data: 'cut me', leased: true })
  const plain = await acceptFor(given, queue)
  proxy.fault = 'answer'
  const { accepts } = await commit(given, { accepts: [accept, plain] })
  assert.equal(proxy.cuts, 1)
  assert.deepEqual(
    accepts.map(({ outcome }) => outcome),
    ['accepted', 'accepted'],
  )
  const stored = await database.query<{ id: string; sequence: number }>(
    'select id, sequence::int from messages order by sequence',
  )
  const told = accepts.map((result) => (result.outcome === 'accepted' ? result.messages[0]!.sequence : null))
  assert.deepEqual(
    stored.map(({ sequence }) => sequence),
    told,
  )
  assert.deepEqual(
    stored.map(({ id }) => id),
    [accept, plain].map(({ messages }) => messages[0]!.message.id),
  )
  const claim = { node: 'a', listenerId: listeners[0]!.id, limit: 10, maxBytes: 1e6, now: given.now }
  const { deliveries } = await given.store.deliveries.claimDue(claim)
  assert.equal(deliveries.length, 2)
})

test('a commit that never reached the database is answered as not stored, and is nowhere', async () => {
  const before = await idsOf()
  const accept = await acceptFor(given, queue, { data: 'cut me' })
  proxy.fault = 'question'
  await assert.rejects(commit(given, { accepts: [accept] }), (error) => {
    return error instanceof StoreUnavailable && !(error instanceof OutcomeUnknown)
  })
  assert.deepEqual(await idsOf(), before)
})

test('a commit that is still under way when its node is cut off is ended before it is said to be nowhere', async () => {
  const before = await idsOf()
  const accept = await acceptFor(given, queue, { data: 'cut me' })
  // It waits for this lock, after which it would store the message.
  await database.query('begin')
  await database.query('lock table messages in share mode')
  proxy.fault = 'half'
  const committed = assert.rejects(commit(given, { accepts: [accept] }), (error) => {
    return error instanceof StoreUnavailable && !(error instanceof OutcomeUnknown)
  })
  await committed
  await database.query('commit')
  const waits = `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`
  await waitFor('that nothing waits any more', async () => (await database.query(waits)).length === 0)
  assert.deepEqual(await idsOf(), before)
})

test('what a client said of its lease is unknown where the answer of its commit is lost, and not said to be nowhere', async () => {
  const { store, make } = given
  const puller = make.listener(queue, { notifyUrl: null, livenessUrl: null })
  assert.equal(await store.listeners.create(puller), 'created')
  await commit(given, { accepts: [await acceptFor(given, queue)] })
  const asks = [{ listenerId: puller.id, limit: 1, maxBytes: 1e9, leaseMs: 60_000 }]
  const [pulled] = await store.pulls.pull({ now: given.now, asks })
  assert.ok(pulled?.outcome === 'pulled')
  const [{ message, leaseUntil, attempt }] = pulled.deliveries as [(typeof pulled.deliveries)[0]]
  const receipt = { messageId: message.id, leaseUntil, attempt }
  const said = { listenerId: puller.id, queueId: queue.id, receipt, random: 0 }
  const acknowledge = (what: Partial<Batch> = {}) =>
    commit(given, { leaseSettlements: [{ ...said, end: { how: 'acknowledged' } }], ...what })
  // The name of the node is an argument of the commit alone, and not of what reads the lease before it.
  proxy.fault = 'answer'
  await assert.rejects(acknowledge({ node: 'cut me' }), OutcomeUnknown)
  // It was done, as a client finds out that says it again.
  assert.deepEqual((await acknowledge()).leaseSettlements, ['lost'])
})

test('where the database stays away, it is said that the outcome is unknown', async () => {
  const accept = await acceptFor(given, queue, { data: 'cut me' })
  proxy.fault = 'answer'
  proxy.closed = true
  hurry = 100
  await assert.rejects(commit(given, { accepts: [accept] }), OutcomeUnknown)
  proxy.closed = false
  hurry = 1
})
