import assert from 'node:assert/strict'
import { DEFAULT_SETTINGS, type Listener } from '../../../../src/core/delivery/listener.ts'
import { UNKNOWN_LIVENESS } from '../../../../src/core/delivery/liveness.ts'
import type { Queue } from '../../../../src/core/delivery/queue.ts'
import { NOTIFICATIONS_QUEUE, notificationHeaders } from '../../../../src/core/notification/notification.ts'
import type { QueueStanding } from '../../../../src/core/notification/standing.ts'
import type { Limits, Organization } from '../../../../src/core/tenant/organization.ts'
import type { ScheduleRun } from '../../../../src/store/schedules.ts'
import { KEPT_TOLD_RECORDS, type StandingPage, TOLD_TARGET } from '../../../../src/store/telemetry/notifications.ts'
import {
  accepted,
  acceptFor,
  claimedOne,
  commit,
  MISSED,
  settled,
  storedFixture,
  storedListener,
  storedOrganization,
  storedQueue,
} from '../../fixture.ts'
import type { Given, StoreCase } from '../../suite.ts'

const NOTHING = { ...UNKNOWN_LIVENESS, state: null, stateAt: null }
const HEADERS = notificationHeaders({ type: 'listener.down' })

async function toldOn(given: Given, organization: Organization): Promise<Queue> {
  const queue = given.make.queue(organization, { name: NOTIFICATIONS_QUEUE })
  assert.equal(await given.store.queues.create(queue), 'created')
  return queue
}

async function goesDown({ store, now }: Given, { id: listenerId }: Listener): Promise<void> {
  await store.liveness.note([{ listenerId, news: { ...NOTHING, state: 'down', stateAt: now } }])
}

async function misses(given: Given, queue: Queue, { id: listenerId }: Listener): Promise<void> {
  await accepted(given, queue, { deliverAt: given.now })
  await settled(given, await claimedOne(given, { listenerId, limit: 1 }), MISSED)
}

function asked({ organizationId, id }: Queue, known: string[] = []) {
  return { organizationId, exceptQueueId: id, known, after: '', limit: 100 }
}

/** What each page finds; counted are all deliveries that are settled by now. */
async function overdue(
  { store: { notifications } }: Given,
  ask: { organizationId: string; exceptQueueId: string; dueBy: number; limit: number },
): Promise<QueueStanding[][]> {
  await notifications.watched({ after: null, limit: 1 })
  const pages: QueueStanding[][] = []
  for (let after: string | null = ''; after !== null; ) {
    const page: StandingPage<QueueStanding> = await notifications.queues({ ...ask, after })
    pages.push(page.found)
    after = page.after
  }
  return pages
}

function standing({ id, name }: Listener, queue: Queue, what: object) {
  const rest = { isDisabled: false, state: 'unknown', missed: 0 }
  return { id, name, queue: { id: queue.id, name: queue.name }, ...rest, ...what }
}

async function limited({ store, now }: Given, { id }: Organization, limits: Partial<Limits>): Promise<void> {
  assert.ok(typeof (await store.organizations.update({ id, changes: { limits }, now })) !== 'string')
}

export const notificationCases: StoreCase[] = [
  {
    name: 'organizations with a queue of notifications are found, page by page, and no others',
    async run(given) {
      const { store } = given
      const all = [await storedOrganization(given), await storedOrganization(given), await storedOrganization(given)]
      await storedQueue(given, all[1]!)
      const [one, other] = [await toldOn(given, all[0]!), await toldOn(given, all[2]!)]
      const [first, second] = [one, other].map(({ organizationId, id: queueId }) => ({ organizationId, queueId }))
      assert.deepEqual(await store.notifications.watched({ after: null, limit: 9 }), [first, second])
      assert.deepEqual(await store.notifications.watched({ after: null, limit: 1 }), [first])
      assert.deepEqual(await store.notifications.watched({ after: all[0]!.id, limit: 9 }), [second])
      await store.queues.delete({ organizationId: one.organizationId, id: one.id, now: given.now })
      await store.organizations.delete({ id: other.organizationId })
      assert.deepEqual(await store.notifications.watched({ after: null, limit: 9 }), [])
    },
  },
  {
    name: 'what was told is replaced only where it is the version before, and goes with its organization',
    async run(given) {
      const { notifications, organizations } = given.store
      const [{ id: organizationId }, { id: other }] = [await storedOrganization(given), await storedOrganization(given)]
      const save = (version: number, told: string) => notifications.save({ organizationId, version, told })
      assert.equal(await notifications.read({ organizationId }), null)
      assert.equal(await save(2, 'too early'), 'passed')
      assert.equal(await save(1, 'one'), 'saved')
      assert.equal(await save(1, 'one again'), 'passed')
      assert.equal(await save(2, 'two'), 'saved')
      assert.deepEqual(await notifications.read({ organizationId }), { version: 2, told: 'two' })
      assert.equal(await notifications.read({ organizationId: other }), null)
      await organizations.delete({ id: organizationId })
      assert.equal(await notifications.read({ organizationId }), null)
      assert.equal(await save(1, 'gone'), 'passed')
      const races = await Promise.all(
        [1, 1, 1].map((version) => notifications.save({ organizationId: other, version, told: 'x' })),
      )
      assert.deepEqual(races.sort(), ['passed', 'passed', 'saved'])
    },
  },
  {
    name: 'the records of what was told are kept for a number of versions, and no longer',
    async run(given) {
      const { notifications, answers } = given.store
      const { id: organizationId } = await storedOrganization(given)
      const record = (version: number) => ({ organizationId, target: TOLD_TARGET, key: String(version) })
      const rest = { digest: '', status: 200, body: 'told', storedAt: given.now, expiresAt: given.now + 86_400_000 }
      for (let version = 1; version <= KEPT_TOLD_RECORDS + 2; version++) {
        await answers.keep({ ...record(version), ...rest })
        assert.equal(await notifications.save({ organizationId, version, told: 'told' }), 'saved')
      }
      const isKept = async (version: number) => (await answers.find({ ...record(version), now: given.now })) !== null
      assert.deepEqual([await isKept(1), await isKept(2), await isKept(3)], [false, false, true])
    },
  },
  {
    name: 'listeners that are down, disabled or have missed something are found, and those that are known',
    async run(given) {
      const { store } = given
      const { organization, queue, listeners } = await storedFixture(given, 5)
      const queueOfTold = await toldOn(given, organization)
      const own = await storedListener(given, queueOfTold)
      const stranger = await storedFixture(given)
      const [down, disabled, missed, known, fine] = listeners as [Listener, Listener, Listener, Listener, Listener]
      for (const listener of [down, own, stranger.listeners[0]!]) await goesDown(given, listener)
      const changes = { settings: { ...DEFAULT_SETTINGS, status: 'disabled' as const } }
      await store.listeners.update({ ...disabled, changes, now: given.now })
      await misses(given, queue, missed)
      await store.notifications.watched({ after: null, limit: 1 })
      const { found, after } = await store.notifications.listeners(asked(queueOfTold, [known.id, own.id, 'gone']))
      const expected = [
        standing(down, queue, { state: 'down' }),
        standing(disabled, queue, { isDisabled: true }),
        standing(missed, queue, { missed: 1 }),
        standing(known, queue, {}),
      ]
      assert.deepEqual([found, after], [expected, null])
      assert.ok(!found.some(({ id }) => id === fine.id))
    },
  },
  {
    name: 'listeners are looked through page by page, also where a page has none to tell of',
    async run(given) {
      const { organization, queue, listeners } = await storedFixture(given, 5)
      const told = await toldOn(given, organization)
      await goesDown(given, listeners[0]!)
      await goesDown(given, listeners[4]!)
      const pages: string[][] = []
      for (let after: string | null = ''; after !== null; ) {
        const page: { found: { id: string }[]; after: string | null } = await given.store.notifications.listeners({
          ...asked(told),
          ...{ after, limit: 2 },
        })
        pages.push(page.found.map(({ id }) => id))
        after = page.after
      }
      assert.deepEqual(pages, [[listeners[0]!.id], [], [listeners[4]!.id]])
      assert.equal(queue.organizationId, told.organizationId)
    },
  },
  {
    name: 'overdue queues are looked through listener by listener, a page of them at a time',
    async run(given) {
      const { now } = given
      const { organization, queue, listeners } = await storedFixture(given, 5)
      const told = await toldOn(given, organization)
      await accepted(given, queue, { deliverAt: now - 400_000 })
      const row = { id: queue.id, name: queue.name, dueAt: now - 400_000 }
      const ask = { organizationId: organization.id, exceptQueueId: told.id, dueBy: now - 300_000 }
      assert.deepEqual(await overdue(given, { ...ask, limit: 2 }), [[row], [row], [row]])
      for (const listener of listeners.slice(2, 4)) {
        await settled(given, await claimedOne(given, { listenerId: listener.id, limit: 1 }), MISSED)
      }
      assert.deepEqual(await overdue(given, { ...ask, limit: 2 }), [[row], [], [row]])
    },
  },
  {
    name: 'a queue is overdue by the first delivery that nothing keeps back; a pause and a disabled listener do',
    async run(given) {
      const { store, now } = given
      const { organization, queue, listeners } = await storedFixture(given, 2)
      const told = await toldOn(given, organization)
      await storedListener(given, told)
      for (const it of [queue, told]) await accepted(given, it, { deliverAt: now - 400_000 })
      await accepted(given, queue, { deliverAt: now - 500 })
      const ask = { organizationId: organization.id, exceptQueueId: told.id }
      const read = (dueBy = now - 300_000) =>
        overdue(given, { ...ask, dueBy, limit: 100 }).then((pages) => pages.flat())
      const row = { id: queue.id, name: queue.name }
      assert.deepEqual(await read(), [{ ...row, dueAt: now - 400_000 }])
      assert.deepEqual(await read(now - 500_000), [])
      const pause = (paused: boolean) =>
        store.queues.update({ organizationId: organization.id, id: queue.id, changes: { paused }, now })
      await pause(true)
      assert.deepEqual(await read(), [{ ...row, dueAt: null }])
      await pause(false)
      const changes = { settings: { ...DEFAULT_SETTINGS, status: 'disabled' as const } }
      await store.listeners.update({ ...listeners[0]!, changes, now })
      assert.deepEqual(await read(), [{ ...row, dueAt: now - 400_000 }])
      await store.listeners.update({ ...listeners[1]!, changes, now })
      assert.deepEqual(await read(), [{ ...row, dueAt: null }])
    },
  },
  {
    name: 'a schedule has failed by its latest run, which is one that was made and not one that was passed over',
    async run(given) {
      const { store, now } = given
      const { organization, queue } = await storedFixture(given)
      const told = await toldOn(given, organization)
      const { organizationId } = queue
      const run = (at: number, what: Partial<ScheduleRun>) => {
        return { dueAt: at, ranAt: at, messageId: null, error: null, skipped: null, ...what }
      }
      const made = [
        [run(now, { error: 'no' })],
        [run(now, { error: 'no' }), run(now + 1, { messageId: given.make.id() })],
        [run(now, { error: 'passed over', skipped: { count: 2, firstAt: now - 9 } })],
        [],
      ]
      const schedules = []
      for (const runs of made) {
        const schedule = given.make.schedule(queue)
        await store.schedules.create(schedule, now)
        const step = { scheduleId: schedule.id, revision: 1, from: now, messageBefore: null, nextAt: now + 9, runs }
        assert.deepEqual(await store.schedules.step([step]), ['stepped'])
        schedules.push(schedule)
      }
      const ask = { organizationId, exceptQueueId: told.id, after: '' }
      const { id, name } = schedules[0]!
      const expected = { id, name, queue: { id: queue.id, name: queue.name }, dueAt: now, error: 'no' }
      assert.deepEqual(await store.notifications.schedules({ ...ask, limit: 9 }), { found: [expected], after: null })
      const { found, after } = await store.notifications.schedules({ ...ask, limit: 2 })
      assert.deepEqual([found, after], [[expected], schedules[1]!.id])
      const except = await store.notifications.schedules({ ...ask, exceptQueueId: queue.id, limit: 9 })
      assert.deepEqual(except.found, [])
    },
  },
  {
    name: 'limits that have no room left are found, those of a day only on that day',
    async run(given) {
      const { store, now } = given
      const { organization, queue } = await storedFixture(given, 2)
      const reached = (at = now) => store.notifications.reachedQuotas({ organizationId: organization.id, now: at })
      assert.deepEqual(await reached(), [])
      await limited(given, organization, {
        queues: 1,
        listeners: 3,
        schedules: 1,
        storedMessages: 2,
        messagesPerDay: 2,
      })
      assert.deepEqual(await reached(), [{ quota: 'queues', limit: 1 }])
      for (let count = 0; count < 2; count++) await accepted(given, queue, { createdAt: now, deliverAt: now })
      const messages = [{ quota: 'storedMessages', limit: 2 }]
      const all = [{ quota: 'queues', limit: 1 }, ...messages, { quota: 'messagesPerDay', limit: 2 }]
      assert.deepEqual(await reached(), all)
      assert.deepEqual(await reached(now + 2 * 86_400_000), [{ quota: 'queues', limit: 1 }, ...messages])
    },
  },
  {
    name: 'notifications count against no quota: not when they are accepted, nor removed, nor where counting begins',
    async run(given) {
      const { store, now } = given
      const { organization, queue } = await storedFixture(given)
      const told = await toldOn(given, organization)
      await limited(given, organization, { storedMessages: 1, messagesPerDay: 2 })
      const post = async (to: Queue, headers: string | null, what = {}) => {
        const accept = await acceptFor(given, to, { headers, createdAt: now, deliverAt: now, ...what })
        return (await commit(given, { accepts: [accept] })).accepts[0]!.outcome
      }
      for (let count = 0; count < 3; count++) assert.equal(await post(told, HEADERS), 'accepted')
      assert.equal(await post(queue, null), 'accepted')
      assert.equal(await post(queue, null), 'quota')
      assert.equal(await post(told, HEADERS), 'accepted')
      // Beside one that is refused in the same commit.
      const both = [await acceptFor(given, told, { headers: HEADERS }), await acceptFor(given, queue)]
      assert.deepEqual(
        (await commit(given, { accepts: both })).accepts.map(({ outcome }) => outcome),
        ['accepted', 'quota'],
      )
      await limited(given, organization, { storedMessages: null, messagesPerDay: null })
      await limited(given, organization, { storedMessages: 2 })
      assert.equal(await post(queue, null), 'accepted')
      assert.equal(await post(queue, null), 'quota')
      const gone = { organizationId: organization.id, id: told.id, now }
      assert.ok(typeof (await store.queues.delete(gone)) !== 'string')
      while ((await store.removals.sweep({ limit: 100 })) > 0);
      assert.equal(await post(queue, null), 'quota')
    },
  },
]
