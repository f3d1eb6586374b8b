import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { openSqliteStore } from '../../src/store-sqlite/database.ts'
import { openThreadedSqliteStore } from '../../src/store-sqlite/threaded.ts'
import { eventsListed } from './events.cases.ts'
import { NOW } from './make.ts'
import { ACKNOWLEDGED, accepted, claim, claimedOne, idsOf, MISSED, settled, stored, storedScene } from './scene.ts'
import { type Given, runStoreCases, withStore } from './suite.ts'

const folder = mkdtempSync(join(tmpdir(), 'discue-store-'))
after(() => rmSync(folder, { recursive: true, force: true }))

let files = 0
const freshPath = () => join(folder, `${++files}.db`)

runStoreCases('sqlite in memory', () => openSqliteStore(':memory:'))
runStoreCases('sqlite in a file and a thread', () => openThreadedSqliteStore(freshPath()))

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
      const scene = await storedScene(given, 2)
      const message = await accepted(given, scene.queue, { data: 'zażółć 🙂\u0000' })
      const { id } = scene.listeners[0]!
      await settled(given, await claimedOne(given, { listenerId: id }), MISSED)
      return { scene, message, seen: await everything(given, scene, message) }
    },
    async (given, { scene, message, seen }) => assert.deepEqual(await everything(given, scene, message), seen),
  ))

type Scene = Awaited<ReturnType<typeof storedScene>>
type Accepted = Awaited<ReturnType<typeof accepted>>

async function everything(given: Given, { organization, queue, listeners }: Scene, message: Accepted) {
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
      const { queue, listeners } = await storedScene(given)
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
      const { queue } = await storedScene(given)
      await accepted(given, queue)
      const newest = await accepted(given, queue)
      await given.store.messages.delete(idsOf(newest))
      return { queue, newest }
    },
    async (given, { queue, newest }) => {
      const next = await accepted(given, queue)
      assert.ok(next.sequence > newest.sequence, `${next.sequence} after ${newest.sequence}`)
    },
  ))

test('sqlite in a file: what was not counted when the process ended is counted after a restart, and only once', () =>
  acrossRestart(
    async (given) => {
      const scene = await storedScene(given)
      for (let i = 0; i < 3; i++) {
        const { deliveries } = await accepted(given, scene.queue, { leased: true })
        await settled(given, deliveries[0]!, i === 0 ? MISSED : ACKNOWLEDGED)
        if (i === 1) await counted(given, scene)
        given.now += 300_000
      }
      return scene
    },
    async (given, scene) => {
      const expected = { message_added: 3, message_published_ok: 2, message_published_not_ok: 1, latencies: 2 }
      assert.deepEqual(await counted(given, scene), expected)
      const { deliveries } = await accepted(given, scene.queue, { leased: true })
      await settled(given, deliveries[0]!, ACKNOWLEDGED)
      const more = { message_added: 4, message_published_ok: 3, message_published_not_ok: 1, latencies: 3 }
      assert.deepEqual(await counted(given, scene), more)
    },
  ))

async function counted({ store }: Given, { organization }: Scene) {
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
      const { organization, queue } = await storedScene(given)
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
