import assert from 'node:assert/strict'
import type { Message } from '../../../../src/core/delivery/message.ts'
import { acceptFor, commit, idsOf, messageOf, storedFixture, storedQueue } from '../../fixture.ts'
import { NOW } from '../../make.ts'
import type { Given, StoreCase } from '../../suite.ts'

type Posted = Omit<Message, 'sequence'>

/** Stores many messages, `at` at a time; oldest first. */
async function filled(
  given: Given,
  queue: Parameters<typeof acceptFor>[1],
  count: number,
  at = 500,
): Promise<Posted[]> {
  const template = await acceptFor(given, queue)
  const { deliveries } = template.messages[0]!
  const all: Posted[] = []
  for (let left = count; left > 0; left -= at) {
    const messages = Array.from({ length: Math.min(left, at) }, () => ({
      message: given.make.message(queue),
      deliveries,
    }))
    const { accepts } = await commit(given, { accepts: [{ ...template, messages }] })
    assert.equal(accepts[0]?.outcome, 'accepted')
    all.push(...messages.map(({ message }) => message))
  }
  return all
}

/** Compares pages at many offsets with what the ids say. */
async function assertPages({ store }: Given, queue: { id: string; organizationId: string }, messages: Posted[]) {
  const ids = messages
    .map(({ id }) => id)
    .sort()
    .reverse()
  const ask = { organizationId: queue.organizationId, queueId: queue.id, only: null, full: false, limit: 7 }
  const found = async (before: string | null, offset: number) =>
    (await store.messages.list({ ...ask, before, offset })).map(({ message }) => message.id)
  const steps = [
    0,
    1,
    1_000,
    1_023,
    1_024,
    1_025,
    2_047,
    2_048,
    2_500,
    4_000,
    ids.length - 3,
    ids.length,
    ids.length + 9,
  ]
  for (const offset of steps.filter((step) => step >= 0)) {
    assert.deepEqual(await found(null, offset), ids.slice(offset, offset + 7), `offset ${offset}`)
    const before = ids[700]!
    assert.deepEqual(await found(before, offset), ids.slice(701 + offset, 708 + offset), `offset ${offset} below an id`)
  }
}

async function assertPagesOverAll(
  { store }: Given,
  organization: { id: string },
  messages: readonly Posted[],
  only: readonly string[] | null,
) {
  const seen = messages.filter(({ id, queueId }) => only === null || only.includes(id) || only.includes(queueId))
  const ids = seen
    .map(({ id }) => id)
    .sort()
    .reverse()
  const ask = { organizationId: organization.id, queueId: null, only, full: false, limit: 9 }
  const offsets = [0, 5, 399, 401, 402, 1_023, 1_500, 2_047, 2_900, ids.length - 4, ids.length, ids.length + 500]
  for (const before of [null, ids[Math.floor(ids.length / 3)] ?? null]) {
    const start = before === null ? 0 : ids.indexOf(before) + 1
    for (const offset of offsets.filter((step) => step >= 0)) {
      const page = await store.messages.list({ ...ask, before, offset })
      const found = page.map(({ message }) => message.id)
      assert.deepEqual(found, ids.slice(start + offset, start + offset + 9), `offset ${offset} below ${before}`)
    }
  }
}

export const pagingCases: StoreCase[] = [
  {
    name: 'every page of a long queue is exact, whatever sizes its messages came in',
    async run(given) {
      const { organization, queue } = await storedFixture(given, 0)
      const neighbour = await storedQueue(given, organization)
      const messages = await filled(given, queue, 2_600, 1_000)
      const others = await filled(given, neighbour, 1_500, 100)
      messages.push(...(await filled(given, queue, 1_900, 1)))
      await assertPages(given, queue, messages)
      await assertPages(given, neighbour, others)
    },
  },
  {
    name: 'pages stay exact while messages are deleted, anywhere in the queue',
    async run(given) {
      const { queue } = await storedFixture(given, 0)
      const messages = await filled(given, queue, 4_500)
      const left = messages.filter((_, index) => index % 9 !== 0 && !(index > 1_000 && index < 1_200))
      for (const message of messages)
        if (!left.includes(message)) await given.store.messages.delete({ ...idsOf(message), now: NOW })
      await assertPages(given, queue, left)
      left.push(...(await filled(given, queue, 1_100)))
      await assertPages(given, queue, left)
    },
  },
  {
    name: 'pages stay exact where old messages expire, also for those that come late into a time of which none is left',
    async run(given) {
      const { queue } = await storedFixture(given, 0)
      const late = [given.make.message(queue), given.make.message(queue)]
      const messages = await filled(given, queue, 6_500)
      const expire = { now: NOW, before: given.now + 1_000, after: 0, limit: 3_100 }
      assert.equal((await given.store.removals.expire(expire)).removed, 3_100)
      const left = messages.slice(3_100)
      await assertPages(given, queue, left)
      const template = await acceptFor(given, queue)
      const accepts = late.map((message) => ({ ...template, messages: [{ message, deliveries: [] }] }))
      await commit(given, { accepts })
      left.push(...late, ...(await filled(given, queue, 1_100)))
      await assertPages(given, queue, left)
    },
  },
  {
    name: 'pages stay exact where messages are stored later than others that were made after them',
    async run(given) {
      const { queue } = await storedFixture(given, 0)
      const late = []
      for (let i = 0; i < 40; i++) {
        for (let between = 0; between < 2; between++) late.push(await acceptFor(given, queue))
        if (i % 2 === 0) given.make.message(queue)
      }
      const messages = await filled(given, queue, 3_300)
      await commit(given, { accepts: late })
      messages.push(...late.map(messageOf), ...(await filled(given, queue, 1_000)))
      await assertPages(given, queue, messages)
    },
  },
  {
    name: 'pages stay exact after a batch that could not be stored',
    async run(given) {
      const { queue } = await storedFixture(given, 0)
      const messages = await filled(given, queue, 1_000)
      const template = await acceptFor(given, queue)
      const doomed = Array.from({ length: 200 }, () => ({ message: given.make.message(queue), deliveries: [] }))
      const twice = { message: messages[0]!, deliveries: [] }
      const accepts = [{ ...template, messages: [...doomed, twice] }]
      await assert.rejects(commit(given, { accepts }))
      messages.push(...(await filled(given, queue, 2_100)))
      await assertPages(given, queue, messages)
    },
  },
  {
    name: 'every page over all queues is exact, however far down and however differently the queues were filled',
    async run(given) {
      const { organization, queue: busy } = await storedFixture(given, 0)
      const stranger = await storedFixture(given, 0)
      const messages = await filled(given, busy, 1_300)
      const steady = await storedQueue(given, organization)
      for (let i = 0; i < 12; i++) {
        messages.push(...(await filled(given, steady, 70)), ...(await filled(given, busy, 40)))
        await filled(given, stranger.queue, 60)
      }
      const single = await storedQueue(given, organization)
      messages.push(...(await filled(given, single, 1)), ...(await filled(given, busy, 2_100)))
      await storedQueue(given, organization)
      const gone = messages.filter((_, index) => index % 31 === 0)
      for (const message of gone) await given.store.messages.delete({ ...idsOf(message), now: NOW })
      const left = messages.filter((message) => !gone.includes(message))
      await assertPagesOverAll(given, organization, left, null)
      await assertPagesOverAll(given, organization, left, [steady.id, single.id])
      const some = left.filter(({ queueId }, index) => queueId === busy.id && index % 7 === 0).map(({ id }) => id)
      await assertPagesOverAll(given, organization, left, [steady.id, ...some, given.make.id(), stranger.queue.id])
      await assertPagesOverAll(given, organization, left, [given.make.id()])
    },
  },
  {
    name: 'pages over all queues are exact among thousands of messages of one millisecond',
    async run(given) {
      const { organization, queue } = await storedFixture(given, 0)
      const other = await storedQueue(given, organization)
      const moment = given.make.id().slice(0, 9)
      const messages: Posted[] = []
      for (const place of [queue, other, queue]) {
        const template = await acceptFor(given, place)
        const batch = Array.from({ length: 900 }, () => ({
          message: given.make.message(place, { id: moment + given.make.id().slice(9) }),
          deliveries: [],
        }))
        await commit(given, { accepts: [{ ...template, messages: batch }] })
        messages.push(...batch.map(({ message }) => message))
      }
      await assertPagesOverAll(given, organization, messages, null)
    },
  },
]
