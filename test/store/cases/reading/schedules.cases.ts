import assert from 'node:assert/strict'
import type { Schedule } from '../../../../src/core/schedule/schedule.ts'
import type { ScheduleRun, ScheduleStep } from '../../../../src/store/schedules.ts'
import {
  accepted,
  acceptFor,
  commit,
  idsOf,
  messageOf,
  storedFixture,
  storedOrganization,
  storedQueue,
} from '../../fixture.ts'
import { NOW } from '../../make.ts'
import type { Given, StoreCase } from '../../suite.ts'

const MINUTE = 60_000

async function stored(
  given: Given,
  queue: Parameters<Given['make']['schedule']>[0],
  what?: Partial<Schedule>,
  nextAt: number | null = NOW,
) {
  const schedule = given.make.schedule(queue, what)
  assert.equal(await given.store.schedules.create(schedule, nextAt), 'created')
  return schedule
}

function run(dueAt: number, what: Partial<ScheduleRun> = {}): ScheduleRun {
  return { dueAt, ranAt: NOW, messageId: null, error: 'failed', skipped: null, ...what }
}

function stepOf(schedule: Schedule, what: Partial<ScheduleStep> = {}): ScheduleStep {
  const next = { messageBefore: null, nextAt: NOW + MINUTE, runs: [run(NOW)] }
  return { scheduleId: schedule.id, revision: 1, from: NOW, ...next, ...what }
}

async function dueIds({ store }: Given, until = NOW, limit = 100): Promise<[string[], number | null]> {
  const { due, nextAt } = await store.schedules.due({ until, limit })
  return [due.map(({ schedule }) => schedule.id), nextAt]
}

async function runsOf({ store }: Given, schedule: Schedule, before: number | null = null, limit = 100, offset = 0) {
  return store.schedules.runs({ ...idsOf(schedule), before, offset, limit })
}

const found: StoreCase[] = [
  {
    name: 'a schedule comes back as it was stored, whatever it is due by',
    async run(given) {
      const { queue } = await storedFixture(given)
      const timings = [{ cron: '0 9 * * *' }, { everyMs: 60_000 }, { period: 'P1Y2M' }, { at: NOW + 5 }]
      for (const timing of timings) {
        const rules = { paused: true, catchUp: 'all' as const, overlap: 'skip' as const, jitterMs: 2 ** 40 }
        const what = {
          timing,
          messageName: 'm',
          key: 'k\0é',
          headers: '{"x-a":"1"}',
          expiresInMs: 9,
          startsAt: NOW,
          endsAt: NOW + 9,
          ...rules,
        }
        for (const schedule of [await stored(given, queue, { timing }), await stored(given, queue, what, null)]) {
          const found = await given.store.schedules.get(idsOf(schedule))
          const nextAt = schedule.paused ? null : NOW
          const progress = { nextAt, passedAt: null, lastRunAt: null, lastMessageId: null, runCount: 0 }
          assert.deepEqual(found, { ...schedule, ...progress, revision: 1 })
        }
      }
    },
  },
  {
    name: "another organization's schedule, another queue's, and one that never was are not found",
    async run(given) {
      const { store, make } = given
      const { organization, queue } = await storedFixture(given)
      const stranger = await storedFixture(given)
      const neighbour = await storedQueue(given, organization)
      const schedule = await stored(given, queue)
      const wrong = [
        { ...idsOf(schedule), organizationId: stranger.organization.id },
        { ...idsOf(schedule), organizationId: stranger.organization.id, queueId: stranger.queue.id },
        { ...idsOf(schedule), queueId: neighbour.id },
        { ...idsOf(schedule), id: make.id() },
      ]
      for (const ask of wrong) {
        assert.equal(await store.schedules.get(ask), null)
        assert.equal(await store.schedules.runs({ ...ask, before: null, offset: 0, limit: 1 }), null)
        assert.equal(await store.schedules.delete(ask), 'not_found')
        const expected = { revision: 1, nextAt: NOW }
        assert.equal(
          await store.schedules.replace({ schedule: { ...schedule, ...ask }, nextAt: 1, expected }),
          'not_found',
        )
      }
      assert.ok(await store.schedules.get(idsOf(schedule)))
    },
  },
  {
    name: 'names are unique in a queue, and free again once a schedule is gone',
    async run(given) {
      const { organization, queue } = await storedFixture(given)
      const one = await stored(given, queue, { name: 'same' })
      const other = await stored(given, queue)
      const again = given.make.schedule(queue, { name: 'same' })
      assert.equal(await given.store.schedules.create(again, null), 'name_taken')
      const expected = { revision: 1, nextAt: NOW }
      const renamed = { ...other, name: 'same' }
      assert.equal(await given.store.schedules.replace({ schedule: renamed, nextAt: NOW, expected }), 'name_taken')
      await stored(given, await storedQueue(given, organization), { name: 'same' })
      assert.equal(await given.store.schedules.delete(idsOf(one)), 'deleted')
      assert.equal(await given.store.schedules.create(again, null), 'created')
    },
  },
  {
    name: 'a limit of the organization holds, and a queue that is gone takes none',
    async run(given) {
      const { organization, queue } = await storedFixture(given)
      const changes = { limits: { schedules: 2 } }
      await given.store.organizations.update({ id: organization.id, changes, now: NOW })
      await stored(given, queue)
      const second = await stored(given, queue)
      const third = given.make.schedule(queue)
      const refused = { outcome: 'quota', limit: 'schedules', value: 2 }
      assert.deepEqual(await given.store.schedules.create(third, null), refused)
      await given.store.schedules.delete(idsOf(second))
      assert.equal(await given.store.schedules.create(third, null), 'created')
      await given.store.queues.delete({ organizationId: organization.id, id: queue.id, now: NOW })
      assert.equal(await given.store.schedules.create(given.make.schedule(queue), null), 'queue_not_found')
    },
  },
  {
    name: 'a listing is newest first, pages before an id, and can be restricted',
    async run(given) {
      const { organization, queue } = await storedFixture(given)
      const ids: string[] = []
      for (let i = 0; i < 5; i++) ids.unshift((await stored(given, queue)).id)
      await stored(given, await storedQueue(given, organization))
      const listed = async (what: object) => {
        const ask = {
          organizationId: organization.id,
          queueId: queue.id,
          only: null,
          before: null,
          offset: 0,
          limit: 100,
        }
        return (await given.store.schedules.list({ ...ask, ...what })).map(({ id }) => id)
      }
      assert.deepEqual(await listed({}), ids)
      assert.deepEqual(await listed({ before: ids[1], limit: 2 }), ids.slice(2, 4))
      assert.deepEqual(await listed({ offset: 1, limit: 2 }), ids.slice(1, 3))
      assert.deepEqual(await listed({ only: [ids[3]] }), [ids[3]])
      assert.deepEqual(await listed({ only: [queue.id] }), ids)
      assert.deepEqual(await listed({ only: [] }), [])
      assert.deepEqual(await listed({ organizationId: given.make.id() }), [])
    },
  },
  {
    name: 'a listing over all queues is newest first, pages, shows only what it is restricted to, and no deleted queue',
    async run(given) {
      const { organization, queue } = await storedFixture(given)
      const stranger = await storedFixture(given)
      const [second, third] = [await storedQueue(given, organization), await storedQueue(given, organization)]
      const all: { id: string; queueId: string }[] = []
      for (const one of [queue, second, queue, third, second, queue, third]) all.unshift(await stored(given, one))
      const hers = await stored(given, stranger.queue)
      const idsOfAll = (which = (_: { id: string; queueId: string }) => true) => all.filter(which).map(({ id }) => id)
      const listed = async (what: object) => {
        const everything = { queueId: null, only: null, before: null, offset: 0, limit: 100 }
        const ask = { organizationId: organization.id, ...everything, ...what }
        return (await given.store.schedules.list(ask)).map(({ id }) => id)
      }
      const ids = idsOfAll()
      assert.deepEqual(await listed({}), ids)
      assert.deepEqual(await listed({ before: ids[1], limit: 3 }), ids.slice(2, 5))
      assert.deepEqual(await listed({ offset: 2, limit: 3 }), ids.slice(2, 5))
      assert.deepEqual(await listed({ only: [] }), [])
      assert.deepEqual(await listed({ only: [hers.id, stranger.queue.id] }), [])
      const mine = idsOfAll(({ id, queueId }) => queueId === second.id || queueId === third.id || id === ids.at(-1))
      const only = [second.id, third.id, third.id, ids.at(-1), all.find(({ queueId }) => queueId === second.id)!.id]
      assert.deepEqual(await listed({ only }), mine)
      assert.deepEqual(await listed({ only, limit: 2 }), mine.slice(0, 2))
      assert.deepEqual(await listed({ only, offset: 2, limit: 2 }), mine.slice(2, 4))
      assert.deepEqual(await listed({ only, before: mine[1], limit: 2 }), mine.slice(2, 4))
      await given.store.queues.delete({ organizationId: organization.id, id: second.id, now: NOW })
      assert.deepEqual(
        await listed({}),
        idsOfAll(({ queueId }) => queueId !== second.id),
      )
      assert.deepEqual(await listed({ only: [second.id] }), [])
    },
  },
]

const dues: StoreCase[] = [
  {
    name: 'what is due comes earliest first, up to the limit, with when the rest is due',
    async run(given) {
      const { queue } = await storedFixture(given)
      const ids: string[] = []
      for (const nextAt of [NOW - 5, NOW + 9, NOW, NOW - 7, null]) ids.push((await stored(given, queue, {}, nextAt)).id)
      assert.deepEqual(await dueIds(given), [[ids[3], ids[0], ids[2]], NOW + 9])
      assert.deepEqual(await dueIds(given, NOW, 2), [[ids[3], ids[0]], NOW])
      assert.deepEqual(await dueIds(given, NOW, 3), [[ids[3], ids[0], ids[2]], NOW + 9])
      assert.deepEqual(await dueIds(given, NOW + 9), [[ids[3], ids[0], ids[2], ids[1]], null])
      assert.deepEqual(await dueIds(given, NOW - 8), [[], NOW - 7])
    },
  },
  {
    name: 'organizations that have something due are found, and what is due of each is read by itself',
    async run(given) {
      const [one, other, third] = [await storedFixture(given), await storedFixture(given), await storedFixture(given)]
      const ids: string[] = []
      for (const nextAt of [NOW, NOW - 9, NOW - 5, NOW + 1]) ids.push((await stored(given, one.queue, {}, nextAt)).id)
      const last = await stored(given, other.queue, {}, NOW - 3)
      await stored(given, third.queue, {}, null)
      const { schedules } = given.store
      const among = async (after: number | null, until: number) =>
        (await schedules.dueOrganizations({ after, until })).toSorted()
      const [oneId, otherId] = [one.organization.id, other.organization.id]
      assert.deepEqual(await among(null, NOW), [oneId, otherId].toSorted())
      assert.deepEqual(await among(NOW - 5, NOW - 3), [otherId])
      assert.deepEqual(await among(NOW, NOW), [])
      const inTurns = async (each: number, until = NOW) => {
        const organizationIds = [otherId, third.organization.id, oneId]
        const pages = await schedules.dueInTurns({ organizationIds, until, each })
        return pages.map(({ due, nextAt }) => [due.map(({ schedule }) => schedule.id), nextAt])
      }
      const none = [[], null]
      assert.deepEqual(await inTurns(2), [[[last.id], null], none, [[ids[1], ids[2]], NOW]])
      assert.deepEqual(await inTurns(3), [[[last.id], null], none, [[ids[1], ids[2], ids[0]], null]])
      assert.deepEqual(await inTurns(1, NOW - 6), [none, none, [[ids[1]], null]])
      const page = { organizationIds: [oneId], until: NOW, each: 9 }
      const [{ due } = { due: [] }] = await schedules.dueInTurns(page)
      assert.deepEqual(
        due,
        (await schedules.due({ until: NOW, limit: 9 })).due.filter(({ schedule }) => schedule.id !== last.id),
      )
    },
  },
  {
    name: 'what is due says what it is, and whether its organization is frozen',
    async run(given) {
      const { organization, queue } = await storedFixture(given)
      const schedule = await stored(given, queue)
      const due = { schedule, revision: 1, nextAt: NOW, passedAt: null, frozen: false }
      assert.deepEqual((await given.store.schedules.due({ until: NOW, limit: 9 })).due, [due])
      await given.store.organizations.update({ id: organization.id, changes: { status: 'frozen' }, now: NOW })
      assert.deepEqual((await given.store.schedules.due({ until: NOW, limit: 9 })).due, [{ ...due, frozen: true }])
    },
  },
  {
    name: 'a schedule that is deleted is not due any more, and its history is swept',
    async run(given) {
      const { queue } = await storedFixture(given)
      const schedule = await stored(given, queue)
      assert.deepEqual(await given.store.schedules.step([stepOf(schedule, { nextAt: NOW })]), ['stepped'])
      assert.equal(await given.store.schedules.delete({ ...idsOf(schedule), ifMatch: [7] }), 'changed')
      assert.equal(await given.store.schedules.delete({ ...idsOf(schedule), ifMatch: [1] }), 'deleted')
      assert.deepEqual(await dueIds(given), [[], null])
      assert.equal(await runsOf(given, schedule), null)
      assert.deepEqual(await given.store.schedules.step([stepOf(schedule)]), ['passed'])
      while ((await given.store.removals.sweep({ limit: 1 })) > 0);
    },
  },
  {
    name: 'deleting a queue takes its schedules out of sight at once, and sweeps remove them',
    async run(given) {
      const { organization, queue } = await storedFixture(given)
      const schedules = [await stored(given, queue), await stored(given, queue)]
      for (const one of schedules) await given.store.schedules.step([stepOf(one, { nextAt: NOW })])
      await given.store.queues.delete({ organizationId: organization.id, id: queue.id, now: NOW })
      for (const one of schedules) assert.equal(await given.store.schedules.get(idsOf(one)), null)
      while ((await given.store.removals.sweep({ limit: 1 })) > 0);
      assert.deepEqual(await dueIds(given), [[], null])
    },
  },
]

const steps: StoreCase[] = [
  {
    name: 'a step moves a schedule on, and its runs are its history, the latest first',
    async run(given) {
      const { queue } = await storedFixture(given)
      const schedule = await stored(given, queue)
      const runs = [
        run(NOW, { messageId: 'm1', error: null }),
        run(NOW + 1),
        run(NOW + 2, { messageId: 'm2', error: null }),
      ]
      assert.deepEqual(await given.store.schedules.step([stepOf(schedule, { runs, nextAt: NOW + 9 })]), ['stepped'])
      const progress = { nextAt: NOW + 9, passedAt: NOW + 2, lastRunAt: NOW + 2, lastMessageId: 'm2', runCount: 2 }
      assert.deepEqual(await given.store.schedules.get(idsOf(schedule)), { ...schedule, ...progress, revision: 1 })
      assert.deepEqual(await runsOf(given, schedule), runs.toReversed())
      assert.deepEqual(await runsOf(given, schedule, NOW + 2, 1), [runs[1]])
      assert.deepEqual(await runsOf(given, schedule, null, 1, 2), [runs[0]])
      // One that passes over what was missed has no runs.
      const over = { from: NOW + 9, runs: [], nextAt: null }
      assert.deepEqual(await given.store.schedules.step([stepOf(schedule, over)]), ['stepped'])
      const { nextAt, passedAt, runCount } = (await given.store.schedules.get(idsOf(schedule)))!
      assert.deepEqual([nextAt, passedAt, runCount], [null, NOW + 9, 2])
    },
  },
  {
    name: 'a step from where the schedule is not any more, or by what it was before a change, is not taken',
    async run(given) {
      const { queue } = await storedFixture(given)
      const schedule = await stored(given, queue)
      const [first, second] = [stepOf(schedule), stepOf(schedule, { runs: [run(NOW, { error: 'other' })] })]
      assert.deepEqual(await given.store.schedules.step([first, second]), ['stepped', 'passed'])
      const next = stepOf(schedule, { from: NOW + MINUTE, runs: [run(NOW + MINUTE)], nextAt: NOW + 2 * MINUTE })
      const expected = { revision: 1, nextAt: NOW + MINUTE }
      const changed = await given.store.schedules.replace({ schedule, nextAt: NOW + MINUTE, expected })
      assert.ok(typeof changed === 'object' && changed.revision === 2)
      assert.deepEqual(await given.store.schedules.step([next]), ['passed'])
      assert.deepEqual(await given.store.schedules.step([{ ...next, revision: 2 }]), ['stepped'])
      assert.deepEqual(
        (await runsOf(given, schedule))?.map(({ error }) => error),
        ['failed', 'failed'],
      )
    },
  },
  {
    name: 'messages are stored together with the steps of the schedules that make them, or not at all',
    async run(given) {
      const { queue, listeners } = await storedFixture(given)
      const [one, other] = [await stored(given, queue), await stored(given, queue)]
      const accept = async () => {
        const it = await acceptFor(given, queue)
        const made = run(NOW, { messageId: messageOf(it).id, error: null })
        return { ...it, steps: [stepOf(one, { runs: [made] }), stepOf(other, { runs: [made] })] }
      }
      const first = await accept()
      const taken = await commit(given, { accepts: [first, await accept()] })
      assert.deepEqual(
        taken.accepts.map(({ outcome }) => outcome),
        ['accepted', 'passed'],
      )
      // One of two steps is from the past: neither is taken, and there is no message.
      const late = await accept()
      const steps = [stepOf(one, { from: NOW + MINUTE, nextAt: null, runs: [] }), late.steps[1]!]
      assert.deepEqual((await commit(given, { accepts: [{ ...late, steps }] })).accepts, [{ outcome: 'passed' }])
      const ask = { organizationId: queue.organizationId, queueId: queue.id, only: null, before: null }
      const messages = await given.store.messages.list({ ...ask, offset: 0, limit: 9, full: false })
      assert.deepEqual(
        messages.map(({ message }) => message.id),
        [messageOf(first).id],
      )
      for (const schedule of [one, other]) {
        const { nextAt, lastMessageId, runCount } = (await given.store.schedules.get(idsOf(schedule)))!
        assert.deepEqual([nextAt, lastMessageId, runCount], [NOW + MINUTE, messageOf(first).id, 1])
      }
      const { deliveries } = await given.store.deliveries.claimDue({
        ...{ node: 'a', listenerId: listeners[0]!.id, limit: 9, maxBytes: 1e9, now: NOW },
      })
      assert.equal(deliveries.length, 1)
    },
  },
  {
    name: 'a due time that has its run keeps every other step from writing another one',
    async run(given) {
      const { queue } = await storedFixture(given)
      const schedule = await stored(given, queue)
      await given.store.schedules.step([stepOf(schedule, { nextAt: NOW })])
      // Everything that is believed is so; only the run itself is there already.
      await assert.rejects(given.store.schedules.step([stepOf(schedule)]))
      assert.equal((await runsOf(given, schedule))?.length, 1)
    },
  },
  {
    name: 'an accept whose queue has changed, or whose organization has no room, takes no step',
    async run(given) {
      const { organization, queue } = await storedFixture(given)
      const schedule = await stored(given, queue)
      const accept = await acceptFor(given, queue)
      const steps = [stepOf(schedule, { runs: [run(NOW, { messageId: messageOf(accept).id, error: null })] })]
      const stale = { ...accept, steps, queueVersion: accept.queueVersion + 1 }
      assert.deepEqual((await commit(given, { accepts: [stale] })).accepts, [{ outcome: 'stale' }])
      const changes = { limits: { storedMessages: 1 } }
      await given.store.organizations.update({ id: organization.id, changes, now: NOW })
      await accepted(given, queue)
      assert.equal((await commit(given, { accepts: [{ ...accept, steps }] })).accepts[0]!.outcome, 'quota')
      assert.deepEqual(await dueIds(given), [[schedule.id], null])
      assert.deepEqual(await runsOf(given, schedule), [])
    },
  },
]

const changes: StoreCase[] = [
  {
    name: 'a replacement takes the place of a schedule, keeps how far it has come, and counts as a change',
    async run(given) {
      const { queue } = await storedFixture(given)
      const schedule = await stored(given, queue)
      await given.store.schedules.step([stepOf(schedule, { runs: [run(NOW, { messageId: 'm', error: null })] })])
      const changed = {
        ...schedule,
        timing: { everyMs: 5_000 },
        data: 'other',
        messageName: 'n',
        key: 'k',
        headers: '{"x-a":"2"}',
        expiresInMs: 10,
        paused: true,
        overlap: 'skip' as const,
        jitterMs: 7,
        updatedAt: NOW + 1,
      }
      const expected = { revision: 1, nextAt: NOW + MINUTE }
      const progress = { nextAt: null, passedAt: NOW, lastRunAt: NOW, lastMessageId: 'm', runCount: 1 }
      const wanted = { ...changed, ...progress, revision: 2 }
      assert.deepEqual(await given.store.schedules.replace({ schedule: changed, nextAt: null, expected }), wanted)
      assert.deepEqual(await given.store.schedules.get(idsOf(schedule)), wanted)
      assert.deepEqual(await dueIds(given, NOW + 9 * MINUTE), [[], null])
    },
  },
  {
    name: 'a replacement that was worked out before a run or another change is not made',
    async run(given) {
      const { queue } = await storedFixture(given)
      const schedule = await stored(given, queue)
      const expected = { revision: 1, nextAt: NOW }
      await given.store.schedules.step([stepOf(schedule)])
      const late = { schedule: { ...schedule, name: 'late' }, nextAt: NOW, expected }
      assert.equal(await given.store.schedules.replace(late), 'passed')
      const now = { ...late, nextAt: NOW + MINUTE, expected: { revision: 1, nextAt: NOW + MINUTE } }
      assert.equal(typeof (await given.store.schedules.replace(now)), 'object')
      assert.equal(await given.store.schedules.replace(now), 'passed')
    },
  },
]

const pruning: StoreCase[] = [
  {
    name: 'old runs are removed a few at a time, schedule by schedule, and young ones stay',
    async run(given) {
      const organization = await storedOrganization(given)
      const queue = await storedQueue(given, organization)
      const schedules = [await stored(given, queue), await stored(given, queue), await stored(given, queue)]
      for (const one of schedules) {
        const runs = [0, 1, 2, 3].map((minute) => run(NOW + minute * MINUTE))
        await given.store.schedules.step([stepOf(one, { runs, nextAt: null })])
      }
      let [removed, after, rounds] = [0, null as string | null, 0]
      do {
        const pruned = await given.store.schedules.pruneRuns({ before: NOW + 3 * MINUTE, after, limit: 2 })
        assert.ok(pruned.removed <= 2)
        removed += pruned.removed
        after = pruned.after
        assert.ok(++rounds < 50, 'it never ends')
      } while (after !== null || rounds < 2)
      assert.equal(removed, 9)
      for (const one of schedules) {
        assert.deepEqual(
          (await runsOf(given, one))?.map(({ dueAt }) => dueAt),
          [NOW + 3 * MINUTE],
        )
      }
    },
  },
]

const overs: StoreCase[] = [
  {
    name: 'a schedule that is over is removed once the last message that it made is gone, and the others stay',
    async run(given) {
      const { store } = given
      const { queue } = await storedFixture(given, 1)
      const message = await accepted(given, queue)
      const ended = async (what: Partial<Schedule>, messageId: string | null = null, dueAt = NOW) => {
        const schedule = given.make.schedule(queue, { timing: { at: dueAt }, ...what })
        assert.equal(await store.schedules.create(schedule, dueAt), 'created')
        const runs = [run(dueAt, { messageId, error: messageId === null ? 'failed' : null })]
        assert.deepEqual(await store.schedules.step([stepOf(schedule, { from: dueAt, nextAt: null, runs })]), [
          'stepped',
        ])
        return schedule
      }
      const every = { timing: { everyMs: MINUTE } }
      const failed = await ended({})
      const made = await ended({}, message.id)
      const gone = await ended({}, 'gone')
      const past = await ended({ ...every, endsAt: NOW + 1 })
      const stay = [
        await ended({}, null, NOW + 10),
        await ended({ ...every, endsAt: NOW + 10 }),
        await ended({ ...every, endsAt: null }),
        await ended({ paused: true }),
        await stored(given, queue),
      ]
      const remove = async (limit: number) => {
        let [removed, after, rounds] = [0, null as string | null, 0]
        do {
          const step = await store.schedules.removeEnded({ before: NOW + 10, after, limit })
          removed += step.removed
          after = step.after
          assert.ok(++rounds < 50, 'it never ends')
        } while (after !== null)
        return removed
      }
      const there = async (schedule: Schedule) => (await store.schedules.get(idsOf(schedule))) !== null
      assert.equal(await remove(2), 3)
      for (const schedule of [failed, gone, past]) assert.equal(await there(schedule), false)
      for (const schedule of [made, ...stay]) assert.equal(await there(schedule), true)
      assert.equal(await remove(100), 0)
      await store.messages.delete({ ...idsOf(message), now: NOW })
      assert.equal(await remove(100), 1)
      assert.equal(await there(made), false)
      for (const schedule of stay) assert.equal(await there(schedule), true)
      assert.equal(await store.schedules.runs({ ...idsOf(made), before: null, offset: 0, limit: 1 }), null)
      // Its name is free again, and what is left of its runs is swept like those of one that was deleted.
      assert.equal(await store.schedules.create(given.make.schedule(queue, { name: made.name }), null), 'created')
      for (let sweeps = 0; (await store.removals.sweep({ limit: 100 })) > 0; sweeps++) {
        assert.ok(sweeps < 50, 'it never ends')
      }
    },
  },
]

const clocks: StoreCase[] = [
  {
    name: 'the clock is at the last time that was written down, or at which something was stored',
    async run(given) {
      assert.equal(await given.store.clock.read(), 0)
      await given.store.clock.write(NOW - 5)
      assert.equal(await given.store.clock.read(), NOW - 5)
      const { queue } = await storedFixture({ ...given, now: NOW - 60_000 })
      await accepted({ ...given, now: NOW + 7 }, queue)
      assert.equal(await given.store.clock.read(), NOW + 7)
      await given.store.clock.write(NOW + 9)
      assert.equal(await given.store.clock.read(), NOW + 9)
    },
  },
]

const setBack: StoreCase[] = [
  {
    name: 'what was passed over is one entry with how many and since when, and has not been run',
    async run(given) {
      const { store } = given
      const schedule = await stored(given, await storedQueue(given, await storedOrganization(given)))
      const skipped = { count: 7, firstAt: NOW }
      const entry = run(NOW + 6 * MINUTE, { error: 'no server was running', skipped })
      const runs = [entry, run(NOW + 7 * MINUTE)]
      const nextAt = NOW + 8 * MINUTE
      assert.deepEqual(await store.schedules.step([stepOf(schedule, { runs, nextAt })]), ['stepped'])
      assert.deepEqual(await runsOf(given, schedule), runs.toReversed())
      const ask = { organizationId: schedule.organizationId, scheduleId: schedule.id }
      const dueAts = [NOW + 6 * MINUTE, NOW + 7 * MINUTE, nextAt]
      assert.deepEqual(await store.schedules.ranAt({ ...ask, dueAts }), [NOW + 7 * MINUTE])
    },
  },
  {
    name: 'a schedule that is past what is yet to come, or comes to nothing, can be set back',
    async run(given) {
      const { store } = given
      const queue = await storedQueue(given, await storedOrganization(given))
      const ahead = await stored(given, queue)
      const ended = await stored(given, queue, {}, null)
      const [paused, fine] = [await stored(given, queue, { paused: true }, null), await stored(given, queue)]
      const skipped = { count: 2, firstAt: NOW }
      const runs = [run(NOW + MINUTE, { skipped }), run(NOW + 2 * MINUTE)]
      await store.schedules.step([stepOf(ahead, { runs, nextAt: NOW + 3 * MINUTE })])
      const now = NOW + 30_000
      const all = await store.schedules.ahead({ now, after: null, limit: 10 })
      assert.deepEqual(new Set(all.map(({ schedule }) => schedule.id)), new Set([ahead.id, ended.id]))
      assert.ok(!all.some(({ schedule }) => [paused.id, fine.id].includes(schedule.id)))
      const [first] = await store.schedules.ahead({ now, after: null, limit: 1 })
      const [second] = await store.schedules.ahead({ now, after: first!.schedule.id, limit: 9 })
      assert.ok(first!.schedule.id < second!.schedule.id)
      const expected = { revision: 1, nextAt: NOW + 3 * MINUTE }
      const ask = { schedule: ahead, nextAt: NOW + MINUTE, now }
      assert.equal(await store.schedules.rewind({ ...ask, expected: { revision: 1, nextAt: null } }), false)
      assert.equal(await store.schedules.rewind({ ...ask, expected }), true)
      assert.equal(await store.schedules.rewind({ ...ask, expected }), false)
      assert.deepEqual(
        (await store.schedules.due({ until: NOW + MINUTE, limit: 9 })).due.map(({ nextAt }) => nextAt).sort(),
        [NOW, NOW + MINUTE],
      )
      // What was passed over is yet to come; what has been run has been.
      assert.deepEqual(await runsOf(given, ahead), [runs[1]])
      // It goes on from there, and stays past what it has run.
      await store.schedules.step([
        stepOf(ahead, { from: NOW + MINUTE, nextAt: NOW + 2 * MINUTE, runs: [run(NOW + MINUTE)] }),
      ])
      assert.equal((await store.schedules.get(idsOf(ahead)))!.passedAt, NOW + 2 * MINUTE)
      const again = { schedule: ended, expected: { revision: 1, nextAt: null }, nextAt: NOW + MINUTE, now }
      assert.equal(await store.schedules.rewind(again), true)
    },
  },
]

export const scheduleCases = [...found, ...dues, ...steps, ...changes, ...pruning, ...clocks, ...setBack, ...overs]
