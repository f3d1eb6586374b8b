import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, test } from 'node:test'
import { NO_LIMITS } from '../../../src/core/tenant/organization.ts'
import { lineOf, placeLine } from '../../../src/store/listing/segment.ts'
import { StoreUnavailable } from '../../../src/store/store.ts'
import { openSqliteStore } from '../../../src/store-sqlite/database.ts'
import { openMemoryStore } from '../../support/memory-store.ts'
import { eventsListed } from '../cases/reading/events.cases.ts'
import {
  ACKNOWLEDGED,
  accepted,
  acceptFor,
  claim,
  claimedOne,
  commit,
  idsOf,
  MISSED,
  settled,
  stored,
  storedFixture,
  storedListener,
  storedOrganization,
  storedQueue,
} from '../fixture.ts'
import { createMake, NOW } from '../make.ts'
import { type Given, runStoreCases, withStore } from '../suite.ts'

const folder = mkdtempSync(join(tmpdir(), 'discue-store-'))
after(() => rmSync(folder, { recursive: true, force: true }))

let files = 0
const freshPath = () => join(folder, `${++files}.db`)

runStoreCases('sqlite in memory', openMemoryStore)

/** Does one thing with a file, closes it, opens it again and does the next. */
async function acrossRestart<Left>(
  before: (given: Given) => Promise<Left>,
  afterwards: (given: Given, left: Left) => Promise<void>,
): Promise<void> {
  const path = freshPath()
  const left: Left[] = []
  await withStore(
    () => openSqliteStore(path),
    async (given) => void left.push(await before(given)),
  )
  await withStore(
    () => openSqliteStore(path),
    (given) => afterwards(given, left[0]!),
  )
}

test('sqlite in a file: everything is still there after a restart', () =>
  acrossRestart(
    async (given) => {
      const fixture = await storedFixture(given, 2)
      const message = await accepted(given, fixture.queue, { data: 'zażółć 🙂\u0000' })
      const { id } = fixture.listeners[0]!
      await settled(given, await claimedOne(given, { listenerId: id }), MISSED)
      return { fixture, message, seen: await everything(given, fixture, message) }
    },
    async (given, { fixture, message, seen }) => assert.deepEqual(await everything(given, fixture, message), seen),
  ))

type Fixture = Awaited<ReturnType<typeof storedFixture>>
type Accepted = Awaited<ReturnType<typeof accepted>>

async function everything(given: Given, { organization, queue, listeners }: Fixture, message: Accepted) {
  const { store } = given
  return {
    keys: await store.apiKeys.list({ organizationId: organization.id, only: null, slice: null }),
    queue: await store.queues.get({ organizationId: organization.id, id: queue.id }),
    listeners: await Promise.all(listeners.map((listener) => store.listeners.get(idsOf(listener)))),
    message: await stored(given, message),
    attempts: await store.messages.attempts(idsOf(message)),
  }
}

test('sqlite in a file: leases are free at once after a restart, however long they would have lasted', () =>
  acrossRestart(
    async (given) => {
      const { queue, listeners } = await storedFixture(given)
      await given.store.deliveries.renew({ node: 'a', until: given.now + 1e9 })
      await accepted(given, queue, { leased: true })
      await accepted(given, queue)
      await claimedOne(given, { listenerId: listeners[0]!.id })
      return listeners[0]!.id
    },
    async (given, listenerId) => {
      const { deliveries } = await claim(given, { node: 'b', listenerId })
      assert.equal(deliveries.length, 2)
      assert.equal(await settled(given, deliveries[0]!, ACKNOWLEDGED, { node: 'b' }), 'settled')
    },
  ))

test('sqlite in a file: a sequence is not used again after a restart, though its message was deleted', () =>
  acrossRestart(
    async (given) => {
      const { queue } = await storedFixture(given)
      await accepted(given, queue)
      const newest = await accepted(given, queue)
      await given.store.messages.delete({ ...idsOf(newest), now: NOW })
      return { queue, newest }
    },
    async (given, { queue, newest }) => {
      const next = await accepted(given, queue)
      assert.ok(next.sequence > newest.sequence, `${next.sequence} after ${newest.sequence}`)
    },
  ))

test('sqlite in a file: a queue that was half removed is removed to its end after a restart', () =>
  acrossRestart(
    async (given) => {
      const { organization, queue, listeners } = await storedFixture(given, 2)
      for (let i = 0; i < 20; i++) await accepted(given, queue)
      await settled(given, (await claim(given, { listenerId: listeners[0]!.id })).deliveries[0]!, MISSED)
      const ask = { organizationId: organization.id, id: queue.id }
      await given.store.queues.delete({ ...ask, now: given.now })
      assert.equal(await given.store.removals.sweep({ limit: 7 }), 7)
      return ask
    },
    async ({ store }, ask) => {
      assert.equal(await store.queues.get(ask), null)
      assert.equal(await store.queues.isDeleting(ask), true)
      let removed = 0
      for (let round = 1; round > 0; removed += round) round = await store.removals.sweep({ limit: 7 })
      // 40 deliveries of which one became missed, 20 messages and for whom they were, 1 attempt, and the entries of 2
      // listeners and the queue.
      assert.equal(removed, 40 + 20 + 1 + 1 + 3 - 7)
      assert.equal(await store.queues.isDeleting(ask), false)
    },
  ))

test('sqlite in a file: an order goes on after a restart where it was, and so do its numbers', () =>
  acrossRestart(
    async (given) => {
      const queue = await storedQueue(given, await storedOrganization(given))
      const listener = await storedListener(given, queue, { ordering: 'queue' })
      for (let i = 0; i < 3; i++) await accepted(given, queue)
      await claimedOne(given, { listenerId: listener.id })
      return { queue, listenerId: listener.id }
    },
    async (given, { queue, listenerId }) => {
      await accepted(given, queue)
      for (const expected of [1, 2, 3, 4]) {
        const delivery = await claimedOne(given, { listenerId })
        assert.equal(delivery.orderNumber, expected)
        await settled(given, delivery, ACKNOWLEDGED)
      }
    },
  ))

test('sqlite in a file: a queue that is paused stays so over a restart', () =>
  acrossRestart(
    async (given) => {
      const { organization, queue, listeners } = await storedFixture(given)
      await accepted(given, queue)
      const ask = { organizationId: organization.id, id: queue.id }
      await given.store.queues.update({ ...ask, changes: { paused: true }, now: given.now })
      return { ask, listenerId: listeners[0]!.id }
    },
    async (given, { ask, listenerId }) => {
      const { store, now } = given
      assert.deepEqual(await store.deliveries.waiting({ node: 'a', after: null, limit: 10, now }), [])
      assert.deepEqual(await claim(given, { listenerId }), { deliveries: [], nextDueAt: null })
      await store.queues.update({ ...ask, changes: { paused: false }, now })
      await claimedOne(given, { listenerId })
    },
  ))
test('sqlite in a file: limits of messages and their counts are kept across a restart', () =>
  acrossRestart(
    async (given) => {
      const { organization, queue } = await storedFixture(given)
      const limits = { storedMessages: 3, messagesPerDay: 3 }
      await given.store.organizations.update({ id: organization.id, changes: { limits }, now: given.now })
      for (let i = 0; i < 2; i++) await accepted(given, queue)
      await given.store.messages.delete({ ...idsOf(await accepted(given, queue)), now: NOW })
      return queue
    },
    async (given, queue) => {
      const accept = await acceptFor(given, queue)
      const [result] = (await commit(given, { accepts: [accept] })).accepts
      assert.deepEqual(result, { outcome: 'quota', limit: 'messagesPerDay', value: 3 })
      const tomorrow = given.now + 86_400_000
      const accepts = [await acceptFor(given, queue, { createdAt: tomorrow }), await acceptFor(given, queue)]
      const outcomes = (await commit(given, { accepts })).accepts.map(({ outcome }) => outcome)
      assert.deepEqual(outcomes, ['accepted', 'quota'])
    },
  ))

test('sqlite in a file: organizations from before there were limits are active and unlimited', async () => {
  const path = freshPath()
  const folderOfMigrations = new URL('../../../src/store-sqlite/migrations/', import.meta.url)
  const old = new DatabaseSync(path)
  old.exec(readFileSync(new URL('0001_first.sql', folderOfMigrations), 'utf8'))
  old.exec(`pragma application_id = ${0x64736375}; pragma user_version = 1`)
  old.exec(`insert into organizations values ('o', 'old', 0, 1, 2); insert into removals values ('queue', 'gone')`)
  old.close()
  await withStore(
    () => openSqliteStore(path),
    async ({ store }) => {
      const rules = { root: false, status: 'active', limits: NO_LIMITS }
      assert.deepEqual(await store.organizations.get('o'), {
        ...{ id: 'o', name: 'old', createdAt: 1, updatedAt: 2, revision: 1 },
        ...rules,
      })
      // What was left to remove is still known.
      assert.equal(await store.removals.sweep({ limit: 10 }), 1)
    },
  )
})

test('sqlite in a file: messages from before there were marks are paged like any others', async () => {
  const path = freshPath()
  const folderOfMigrations = new URL('../../../src/store-sqlite/migrations/', import.meta.url)
  const old = new DatabaseSync(path)
  for (const file of readdirSync(folderOfMigrations).sort().slice(0, 4)) {
    old.exec(readFileSync(new URL(file, folderOfMigrations), 'utf8'))
  }
  old.exec(`pragma application_id = ${0x64736375}; pragma user_version = 4`)
  old.exec(`
    insert into organizations (id, name, root, created_at, updated_at) values ('o', 'old', 0, 1, 2);
    insert into queues (id, organization_id, name, version, created_at, updated_at) values ('q', 'o', 'q', 1, 1, 1);
    with recursive numbers (value) as (select 1 union all select value + 1 from numbers where value < 5000)
    insert into messages (sequence, id, organization_id, queue_id, data, created_at, deliver_at, fan_out)
    select value, format('%06d', value), 'o', 'q', 'x', 1, 1, 0 from numbers`)
  old.close()
  await withStore(
    () => openSqliteStore(path),
    async ({ store }) => {
      const ask = { organizationId: 'o', queueId: 'q', only: null, before: null, limit: 1, full: false }
      for (const offset of [0, 1_030, 2_100, 4_999]) {
        const [found] = await store.messages.list({ ...ask, offset })
        assert.equal(found?.message.id, String(5_000 - offset).padStart(6, '0'))
      }
      assert.equal((await store.organizations.get('o'))?.revision, 1)
    },
  )
})

test('sqlite: a listing far down that is cut off by the end of the store says so', async () => {
  const store = openMemoryStore()
  const given = { store: await store, make: createMake(), now: NOW }
  const fixture = await storedFixture(given, 0)
  const template = await acceptFor(given, fixture.queue)
  for (let i = 0; i < 5; i++) {
    const messages = Array.from({ length: 1_000 }, () => ({
      message: given.make.message(fixture.queue),
      deliveries: [],
    }))
    await commit(given, { accepts: [{ ...template, messages }] })
  }
  const part = { only: null, before: null, offset: 3_000, limit: 100, full: false }
  const listing = given.store.messages.list({ organizationId: fixture.organization.id, queueId: null, ...part })
  const cutOff = assert.rejects(listing, StoreUnavailable)
  await given.store.close()
  await cutOff
})

test('sqlite in a file: events from before segments said how many they hold are passed over like any others', async () => {
  const path = freshPath()
  const folderOfMigrations = new URL('../../../src/store-sqlite/migrations/', import.meta.url)
  const old = new DatabaseSync(path)
  for (const file of readdirSync(folderOfMigrations).sort().slice(0, 16)) {
    old.exec(readFileSync(new URL(file, folderOfMigrations), 'utf8'))
  }
  old.exec(`pragma application_id = ${0x64736375}; pragma user_version = 16`)
  const [id, insert] = ['0'.repeat(21), old.prepare(`insert into event_segments values (?, 'o', 'messages', ?, ?)`)]
  const messages = (
    [
      ['message_added', 'a+b', null],
      ['message_published_ok', null, 3],
      ['message_published_not_ok', '-.!*+', null],
    ] as const
  ).map(([type, name, latency]) => lineOf(type, id, name, latency))
  for (let segment = 1; segment <= 300; segment++) {
    insert.run(segment, segment, placeLine(id, '') + messages[0]! + placeLine(id, id) + messages[1]! + messages[2]!)
  }
  old.close()
  await withStore(
    () => openSqliteStore(path),
    async ({ store }) => {
      const ask = { organizationId: 'o', categories: ['messages'], since: 0 } as const
      const { after, offset } = await store.events.skip({ ...ask, offset: 700 })
      assert.notEqual(after, null)
      const { events } = await store.events.list({ ...ask, only: null, after, limit: 1_000 })
      assert.equal(events.length - offset, 200)
    },
  )
})

test('sqlite in a file: what was not counted when the process ended is counted after a restart, and only once', () =>
  acrossRestart(
    async (given) => {
      const fixture = await storedFixture(given)
      for (let i = 0; i < 3; i++) {
        const { deliveries } = await accepted(given, fixture.queue, { leased: true })
        await settled(given, deliveries[0]!, i === 0 ? MISSED : ACKNOWLEDGED)
        if (i === 1) await counted(given, fixture)
        given.now += 300_000
      }
      return fixture
    },
    async (given, fixture) => {
      const expected = { message_added: 3, message_published_ok: 2, message_published_not_ok: 1, latencies: 2 }
      assert.deepEqual(await counted(given, fixture), expected)
      const { deliveries } = await accepted(given, fixture.queue, { leased: true })
      await settled(given, deliveries[0]!, ACKNOWLEDGED)
      const more = { message_added: 4, message_published_ok: 3, message_published_not_ok: 1, latencies: 3 }
      assert.deepEqual(await counted(given, fixture), more)
    },
  ))

async function counted({ store }: Given, { organization }: Fixture) {
  const range = { organizationId: organization.id, from: NOW, until: NOW + 3_600_000 }
  const { parts } = await store.stats.ofParts({ ...range, only: null, limit: 1_000 })
  const types = ['message_added', 'message_published_ok', 'message_published_not_ok'] as const
  const sums = types.map((type) => [type, parts.reduce((sum, { counts }) => sum + counts[type], 0)] as const)
  const latencies = parts.flatMap((part) => part.latencies).reduce((sum, count) => sum + count, 0)
  return { ...Object.fromEntries(sums), latencies }
}

test('sqlite in a file: events keep their order after a restart, also where all were pruned', () =>
  acrossRestart(
    async (given) => {
      const { organization, queue } = await storedFixture(given)
      await accepted(given, queue)
      await given.store.events.prune({ before: NOW + 1, limit: 100 })
      const before = await eventsListed(given, { organizationId: organization.id })
      return { organization, queue, before }
    },
    async (given, { organization, queue, before }) => {
      await accepted(given, queue)
      const [newest, ...rest] = await eventsListed(given, { organizationId: organization.id })
      assert.deepEqual(rest, before)
      assert.ok(before.every((event) => event.id < newest!.id))
    },
  ))
