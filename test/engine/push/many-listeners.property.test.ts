import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, type TestContext, test } from 'node:test'
import type { DeliverySettings, Listener } from '../../../src/core/delivery/listener.ts'
import type { Queue } from '../../../src/core/delivery/queue.ts'
import { LEASE_MS } from '../../../src/engine/push/dispatcher.ts'
import { createRuntime } from '../../../src/runtime.ts'
import type { Store } from '../../../src/store/store.ts'
import { openThreadedSqliteStore } from '../../../src/store-sqlite/thread/threaded.ts'
import { testDatabase } from '../../support/postgres/postgres.ts'
import { makeFolder } from '../../support/server/server-process.ts'
import { silentLog } from '../../support/silent-log.ts'
import { rounds } from '../../support/thorough.ts'
import type { Sent } from '../fake-sender.ts'
import { idsOf, openTestEngine, type TestEngine } from '../test-engine.ts'

const database = await testDatabase()
const folder = makeFolder()
after(() => folder[Symbol.dispose]())
let files = 0

const stores: Record<string, () => Promise<Store>> = {
  sqlite: () => openThreadedSqliteStore(join(folder.path, `${++files}.db`)),
  postgres: () => database.openEmpty(createRuntime(silentLog), { clock: 'caller' }),
}

/** Up to 16 listeners, the memory for what waits is shared in whole megabytes. */
const COUNTS = [17, 1, 40].slice(0, rounds({ quick: 1, long: 3 }))
const MESSAGES = 3

interface Fixture {
  engine: TestEngine
  queue: Queue
  listeners: Listener[]
}

/** A promise that holds however many listeners there are, on every store. */
function promise(
  name: string,
  settings: Partial<DeliverySettings>,
  keep: (fixture: Fixture, t: TestContext) => Promise<void>,
) {
  for (const [label, open] of Object.entries(stores)) {
    for (const count of COUNTS) {
      test(`${label}, ${count} listeners: ${name}`, async (t) => {
        const store = await open()
        t.after(() => store.close())
        const engine = await openTestEngine(t, { store, node: 'first' })
        const queue = await engine.addQueue()
        const listeners = []
        for (let made = 0; made < count; made++) listeners.push(await engine.addListener(queue, settings))
        await engine.dispatcher.renewLeases()
        await keep({ engine, queue, listeners }, t)
      })
    }
  }
}

/** Every listener has acknowledged each of the messages, once. */
function assertDelivered(sent: readonly Sent[], listeners: readonly Listener[], messages: readonly { id: string }[]) {
  for (const { notifyUrl } of listeners) {
    const acknowledged = sent.filter(({ url, status }) => url === notifyUrl && status === 200)
    assert.deepEqual(idsOf(acknowledged).sort(), idsOf(messages).sort())
  }
}

/**
 * Has every listener hold something: a message that it does not answer, while all other messages are answered by
 * `reply`.
 */
async function keepBusy({ engine, queue }: Fixture, reply: (sent: Sent) => number): Promise<void> {
  engine.sender.reply = () => null
  const { id } = await engine.post(queue)
  await engine.runtime.rest()
  engine.sender.reply = (sent) => (sent.id === id ? null : reply(sent))
}

const RETRY = { maxAttempts: 5, initialDelayMs: 1_000, maxDelayMs: 7_000, multiplier: 1.1 }

promise('what fails at first is sent again', { retry: RETRY }, async (fixture) => {
  const { engine, queue, listeners } = fixture
  await keepBusy(fixture, ({ attempt }) => (attempt < 3 ? 503 : 200))
  const messages = await engine.postMany(queue, MESSAGES)
  await engine.runtime.advance(60_000)
  assertDelivered(engine.sender.sent, listeners, messages)
  assert.equal(engine.sender.sent.length, listeners.length * (MESSAGES * 3 + 1))
  engine.runtime.assertNoErrors()
})

promise('what is due later comes when it is due', {}, async (fixture) => {
  const { engine, queue, listeners } = fixture
  await keepBusy(fixture, () => 200)
  const deliverAt = engine.runtime.now() + 10_000
  const messages = await engine.postMany(queue, MESSAGES, { deliverAt })
  await engine.runtime.advance(9_999)
  assert.equal(engine.sender.sent.length, listeners.length)
  await engine.runtime.advance(1)
  await engine.runtime.rest()
  assertDelivered(engine.sender.sent, listeners, messages)
  engine.runtime.assertNoErrors()
})

promise('what waited while its queue was paused comes afterwards', {}, async (fixture) => {
  const { engine, queue, listeners } = fixture
  await keepBusy(fixture, () => 200)
  await engine.pause(queue, true)
  const messages = await engine.postMany(queue, 50)
  await engine.pause(queue, false)
  await engine.runtime.advance(1_000)
  assertDelivered(engine.sender.sent, listeners, messages)
  engine.runtime.assertNoErrors()
})

promise('what no lane has room for waits in the store', { maxConcurrency: 1 }, async ({ engine, queue, listeners }) => {
  const messages = await engine.postMany(queue, 12, { data: 'x'.repeat(400_000) })
  await engine.runtime.rest()
  assert.ok(engine.store.leased() < 12 * listeners.length, 'everything fits')
  engine.sender.reply = () => 200
  for (const sent of engine.sender.open()) sent.answer(200)
  await engine.runtime.advance(1_000)
  assertDelivered(engine.sender.sent, listeners, messages)
  assert.ok(engine.store.claims.length > 0)
  engine.runtime.assertNoErrors()
})

promise('each gets them in their order', { ordering: 'queue', retry: RETRY }, async ({ engine, queue, listeners }) => {
  engine.sender.reply = ({ attempt }) => (attempt === 1 ? 500 : 200)
  const messages = []
  for (let posted = 0; posted < MESSAGES; posted++) messages.push(await engine.post(queue))
  await engine.runtime.advance(60_000)
  for (const { notifyUrl } of listeners) {
    const acknowledged = engine.sender.sent.filter(({ url, status }) => url === notifyUrl && status === 200)
    assert.deepEqual(idsOf(acknowledged), idsOf(messages))
  }
  engine.runtime.assertNoErrors()
})

promise('one that never answers keeps nobody else waiting', {}, async ({ engine, queue, listeners }) => {
  const [hanging, ...others] = listeners
  engine.sender.reply = ({ url, attempt }) => (url === hanging!.notifyUrl ? null : attempt === 1 ? 503 : 200)
  const messages = await engine.postMany(queue, MESSAGES)
  await engine.runtime.advance(60_000)
  assertDelivered(engine.sender.sent, others, messages)
  assert.equal(engine.sender.open(hanging!.notifyUrl!).length, MESSAGES)
  engine.runtime.assertNoErrors()
})

promise('what a dead node held is sent by another', { retry: RETRY }, async ({ engine, queue, listeners }, t) => {
  engine.sender.reply = ({ attempt }) => (attempt === 1 ? 503 : null)
  const retried = await engine.postMany(queue, MESSAGES)
  await engine.runtime.rest()
  engine.sender.reply = () => null
  const held = await engine.postMany(queue, MESSAGES)
  await engine.runtime.rest()
  const heir = await openTestEngine(t, { node: 'second', after: engine })
  heir.sender.reply = () => 200
  await heir.dispatcher.renewLeases()
  await heir.runtime.advance(LEASE_MS)
  await heir.dispatcher.sweep()
  await heir.runtime.advance(RETRY.maxDelayMs)
  assertDelivered(heir.sender.sent, listeners, [...retried, ...held])
  heir.runtime.assertNoErrors()
})
