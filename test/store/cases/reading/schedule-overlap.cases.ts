import assert from 'node:assert/strict'
import type { Listener } from '../../../../src/core/delivery/listener.ts'
import type { Message } from '../../../../src/core/delivery/message.ts'
import type { Queue } from '../../../../src/core/delivery/queue.ts'
import type { Schedule } from '../../../../src/core/schedule/schedule.ts'
import type { MessageBefore } from '../../../../src/core/schedule/schedule-plan.ts'
import type { ScheduleStep } from '../../../../src/store/schedules.ts'
import {
  ACKNOWLEDGED,
  accepted,
  acceptFor,
  claimedOne,
  commit,
  idsOf,
  MISSED,
  messageOf,
  settled,
  storedFixture,
  storedListener,
  storedMessage,
} from '../../fixture.ts'
import { NOW } from '../../make.ts'
import type { Given, StoreCase } from '../../suite.ts'

const MINUTE = 60_000

async function scheduleOf({ store, make }: Given, queue: Queue): Promise<Schedule> {
  const schedule = make.schedule(queue, { overlap: 'skip' })
  assert.equal(await store.schedules.create(schedule, NOW), 'created')
  return schedule
}

/** The step of the due time so many minutes after the first one. */
function stepOf(schedule: Schedule, minute: number, messageBefore: MessageBefore, messageId: string | null) {
  const from = NOW + minute * MINUTE
  const what = { error: messageId === null ? 'failed' : null, skipped: null }
  const runs = [{ dueAt: from, ranAt: NOW, messageId, ...what }]
  return { scheduleId: schedule.id, revision: 1, from, messageBefore, nextAt: from + MINUTE, runs }
}

/** Stores the message of a first due time, as the scheduler does. */
async function madeBy(
  given: Given,
  schedule: Schedule,
  queue: Queue,
  what: Partial<Message> & { leased?: boolean } = {},
) {
  const accept = await acceptFor(given, queue, what)
  const steps: ScheduleStep[] = [stepOf(schedule, 0, 'done', messageOf(accept).id)]
  const { accepts } = await commit(given, { accepts: [{ ...accept, steps }] })
  return storedMessage(accept, accepts[0])
}

async function isPending({ store }: Given, { organizationId, id }: Schedule): Promise<boolean> {
  const found = await store.schedules.withPendingMessage({ organizationId, scheduleIds: [id] })
  assert.ok(found.length === 0 || (found.length === 1 && found[0] === id))
  return found.length === 1
}

/** That what the read says is what a step goes by, both where it makes a message and where it makes none. */
async function expectPending(given: Given, schedule: Schedule, queue: Queue, pending: boolean): Promise<void> {
  assert.equal(await isPending(given, schedule), pending)
  const [right, wrong] = pending ? (['pending', 'done'] as const) : (['done', 'pending'] as const)
  const accept = await acceptFor(given, queue)
  const refused = { ...accept, steps: [stepOf(schedule, 1, wrong, messageOf(accept).id)] }
  assert.deepEqual((await commit(given, { accepts: [refused] })).accepts, [{ outcome: 'passed' }])
  assert.deepEqual(await given.store.schedules.step([stepOf(schedule, 1, wrong, null)]), ['passed'])
  const untouched = (await given.store.schedules.get(idsOf(schedule)))!
  assert.equal(untouched.nextAt, NOW + MINUTE)
  assert.deepEqual(await given.store.schedules.step([stepOf(schedule, 1, right, null)]), ['stepped'])
}

async function begun(given: Given, listeners = 1, what: Parameters<typeof storedListener>[2] = {}) {
  const { queue } = await storedFixture(given, 0)
  const all: Listener[] = []
  for (let n = 0; n < listeners; n++) all.push(await storedListener(given, queue, what))
  return { queue, listeners: all, schedule: await scheduleOf(given, queue) }
}

export const scheduleOverlapCases: StoreCase[] = [
  {
    name: 'a schedule that has made no message yet has none that is pending',
    async run(given) {
      const { schedule, queue } = await begun(given)
      assert.equal(await isPending(given, schedule), false)
      const wrong = stepOf(schedule, 0, 'pending', null)
      assert.deepEqual(await given.store.schedules.step([wrong]), ['passed'])
      await madeBy(given, schedule, queue)
    },
  },
  {
    name: 'a message that waits, and one that is on its way since it was accepted, are pending',
    async run(given) {
      for (const leased of [false, true]) {
        const { schedule, queue } = await begun(given)
        await madeBy(given, schedule, queue, { leased })
        await expectPending(given, schedule, queue, true)
      }
    },
  },
  {
    name: 'a message that all have got, and one that was given up, are not pending',
    async run(given) {
      for (const next of [ACKNOWLEDGED, MISSED]) {
        const { schedule, queue } = await begun(given)
        const { deliveries } = await madeBy(given, schedule, queue, { leased: true })
        assert.equal(await settled(given, deliveries[0]!, next), 'settled')
        await expectPending(given, schedule, queue, false)
      }
    },
  },
  {
    name: 'a message is pending while one of its listeners has not got it, also where it is to be tried again',
    async run(given) {
      const { schedule, queue } = await begun(given, 2)
      const { deliveries } = await madeBy(given, schedule, queue, { leased: true })
      await settled(given, deliveries[0]!, ACKNOWLEDGED)
      assert.equal(await isPending(given, schedule), true)
      await settled(given, deliveries[1]!, { state: 'pending', dueAt: NOW + MINUTE })
      await expectPending(given, schedule, queue, true)
    },
  },
  {
    name: 'a message that waits for its turn in an order is pending',
    async run(given) {
      const { schedule, queue, listeners } = await begun(given, 1, { ordering: 'queue' })
      await accepted(given, queue)
      const message = await madeBy(given, schedule, queue)
      assert.equal(await isPending(given, schedule), true)
      const first = await claimedOne(given, { listenerId: listeners[0]!.id })
      assert.notEqual(first.message.id, message.id)
      await settled(given, first, ACKNOWLEDGED)
      assert.equal(await isPending(given, schedule), true)
      await settled(given, await claimedOne(given, { listenerId: listeners[0]!.id }), ACKNOWLEDGED)
      assert.equal(await isPending(given, schedule), false)
    },
  },
  {
    name: 'a message for no listener, one that was deleted, and one whose listener was, are not pending',
    async run(given) {
      const nobody = await begun(given, 0)
      await madeBy(given, nobody.schedule, nobody.queue)
      await expectPending(given, nobody.schedule, nobody.queue, false)

      const gone = await begun(given)
      const message = await madeBy(given, gone.schedule, gone.queue)
      await given.store.messages.delete({ ...idsOf(message), now: NOW })
      await expectPending(given, gone.schedule, gone.queue, false)

      const left = await begun(given)
      await madeBy(given, left.schedule, left.queue)
      await given.store.listeners.delete({ ...idsOf(left.listeners[0]!), now: NOW })
      await expectPending(given, left.schedule, left.queue, false)
    },
  },
  {
    name: "only the schedule's own last message counts, of the organization that asks",
    async run(given) {
      const { schedule, queue } = await begun(given)
      const { deliveries } = await madeBy(given, schedule, queue, { leased: true })
      await settled(given, deliveries[0]!, ACKNOWLEDGED)
      await accepted(given, queue)
      const other = await begun(given)
      await madeBy(given, other.schedule, other.queue)
      const { organizationId } = other.schedule
      const scheduleIds = [schedule.id, other.schedule.id]
      const found = await given.store.schedules.withPendingMessage({ organizationId, scheduleIds })
      assert.deepEqual(found, [other.schedule.id])
      await expectPending(given, schedule, queue, false)
    },
  },
]
