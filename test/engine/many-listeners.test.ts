import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, type TestContext, test } from 'node:test'
import type { DeliverySettings, Listener } from '../../src/core/listener.ts'
import type { Queue } from '../../src/core/queue.ts'
import { LEASE_MS } from '../../src/engine/dispatcher.ts'
import { createRuntime } from '../../src/runtime.ts'
import type { Store } from '../../src/store/store.ts'
import { openThreadedSqliteStore } from '../../src/store-sqlite/threaded.ts'
import { testDatabase } from '../support/postgres.ts'
import { makeFolder } from '../support/server-process.ts'
import { silentLog } from '../support/silent-log.ts'
import type { Sent } from './fake-sender.ts'
import { idsOf, type Office, openOffice } from './office.ts'

const database = await testDatabase()
const folder = makeFolder()
after(() => folder[Symbol.dispose]())
let files = 0

const stores: Record<string, () => Promise<Store>> = {
  sqlite: () => openThreadedSqliteStore(join(folder.path, `${++files}.db`)),
  postgres: () => database.openEmpty(createRuntime(silentLog), { clock: 'caller' }),
}

/** Up to 16 listeners, the memory for what waits is shared in whole megabytes. */
const COUNTS = [1, 17, 40]
const MESSAGES = 3

interface Scene {
  office: Office
  queue: Queue
  listeners: Listener[]
}

/** A promise that holds however many listeners there are, on every store. */
function promise(
  name: string,
  settings: Partial<DeliverySettings>,
  keep: (scene: Scene, t: TestContext) => Promise<void>,
) {
  for (const [label, open] of Object.entries(stores)) {
    for (const count of COUNTS) {
      test(`${label}, ${count} listeners: ${name}`, async (t) => {
        const store = await open()
        t.after(() => store.close())
        const office = await openOffice(t, { store, node: 'first' })
        const queue = await office.addQueue()
        const listeners = []
        for (let made = 0; made < count; made++) listeners.push(await office.addListener(queue, settings))
        await office.dispatcher.renewLeases()
        await keep({ office, queue, listeners }, t)
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

/** Has every listener hold something: a message that it does not answer, while the others are answered by `reply`. */
async function keepBusy({ office, queue }: Scene, reply: (sent: Sent) => number): Promise<void> {
  office.sender.reply = () => null
  const { id } = await office.post(queue)
  await office.runtime.rest()
  office.sender.reply = (sent) => (sent.id === id ? null : reply(sent))
}

const RETRY = { maxAttempts: 5, initialDelayMs: 1_000, maxDelayMs: 7_000, multiplier: 1.1 }

promise('what fails at first is sent again', { retry: RETRY }, async (scene) => {
  const { office, queue, listeners } = scene
  await keepBusy(scene, ({ attempt }) => (attempt < 3 ? 503 : 200))
  const messages = await office.postMany(queue, MESSAGES)
  await office.runtime.advance(60_000)
  assertDelivered(office.sender.sent, listeners, messages)
  assert.equal(office.sender.sent.length, listeners.length * (MESSAGES * 3 + 1))
  office.runtime.assertNoErrors()
})

promise('what is due later comes when it is due', {}, async (scene) => {
  const { office, queue, listeners } = scene
  await keepBusy(scene, () => 200)
  const deliverAt = office.runtime.now() + 10_000
  const messages = await office.postMany(queue, MESSAGES, { deliverAt })
  await office.runtime.advance(9_999)
  assert.equal(office.sender.sent.length, listeners.length)
  await office.runtime.advance(1)
  await office.runtime.rest()
  assertDelivered(office.sender.sent, listeners, messages)
  office.runtime.assertNoErrors()
})

promise('what waited while its queue was paused comes afterwards', {}, async (scene) => {
  const { office, queue, listeners } = scene
  await keepBusy(scene, () => 200)
  await office.pause(queue, true)
  const messages = await office.postMany(queue, 50)
  await office.pause(queue, false)
  await office.runtime.advance(1_000)
  assertDelivered(office.sender.sent, listeners, messages)
  office.runtime.assertNoErrors()
})

promise('what no lane has room for waits in the store', { maxConcurrency: 1 }, async ({ office, queue, listeners }) => {
  const messages = await office.postMany(queue, 12, { data: 'x'.repeat(400_000) })
  await office.runtime.rest()
  assert.ok(office.store.leased() < 12 * listeners.length, 'everything fits')
  office.sender.reply = () => 200
  for (const sent of office.sender.open()) sent.answer(200)
  await office.runtime.advance(1_000)
  assertDelivered(office.sender.sent, listeners, messages)
  assert.ok(office.store.claims.length > 0)
  office.runtime.assertNoErrors()
})

promise('each gets them in their order', { ordering: 'queue', retry: RETRY }, async ({ office, queue, listeners }) => {
  office.sender.reply = ({ attempt }) => (attempt === 1 ? 500 : 200)
  const messages = []
  for (let posted = 0; posted < MESSAGES; posted++) messages.push(await office.post(queue))
  await office.runtime.advance(60_000)
  for (const { notifyUrl } of listeners) {
    const acknowledged = office.sender.sent.filter(({ url, status }) => url === notifyUrl && status === 200)
    assert.deepEqual(idsOf(acknowledged), idsOf(messages))
  }
  office.runtime.assertNoErrors()
})

promise('one that never answers keeps nobody else waiting', {}, async ({ office, queue, listeners }) => {
  const [hanging, ...others] = listeners
  office.sender.reply = ({ url, attempt }) => (url === hanging!.notifyUrl ? null : attempt === 1 ? 503 : 200)
  const messages = await office.postMany(queue, MESSAGES)
  await office.runtime.advance(60_000)
  assertDelivered(office.sender.sent, others, messages)
  assert.equal(office.sender.open(hanging!.notifyUrl!).length, MESSAGES)
  office.runtime.assertNoErrors()
})

promise('what a dead node held is sent by another', { retry: RETRY }, async ({ office, queue, listeners }, t) => {
  office.sender.reply = ({ attempt }) => (attempt === 1 ? 503 : null)
  const retried = await office.postMany(queue, MESSAGES)
  await office.runtime.rest()
  office.sender.reply = () => null
  const held = await office.postMany(queue, MESSAGES)
  await office.runtime.rest()
  const heir = await openOffice(t, { node: 'second', after: office })
  heir.sender.reply = () => 200
  await heir.dispatcher.renewLeases()
  await heir.runtime.advance(LEASE_MS)
  await heir.dispatcher.sweep()
  await heir.runtime.advance(RETRY.maxDelayMs)
  assertDelivered(heir.sender.sent, listeners, [...retried, ...held])
  heir.runtime.assertNoErrors()
})
