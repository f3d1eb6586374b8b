import assert from 'node:assert/strict'
import type { Accept, AcceptResult } from '../../../../src/store/commit/batch.ts'
import {
  ACKNOWLEDGED,
  accepted,
  acceptFor,
  bare,
  claim,
  claimedOne,
  commit,
  idsOf,
  messageOf,
  pendingCount,
  settlementOf,
  stored,
  storedFixture,
  storedListener,
  storedMessage,
  storedOrganization,
  storedQueue,
  withMessage,
} from '../../fixture.ts'
import { NOW } from '../../make.ts'
import type { StoreCase } from '../../suite.ts'

function sequencesOf(accepts: readonly AcceptResult[]): number[] {
  return accepts.flatMap((accept) => {
    assert.ok(accept.outcome === 'accepted')
    return accept.messages.map(({ sequence }) => sequence)
  })
}

function assertGrowing(sequences: readonly number[]): void {
  for (let i = 1; i < sequences.length; i++)
    assert.ok(sequences[i]! > sequences[i - 1]!, `${sequences.slice(i - 1, i + 1)}`)
}

const taken: StoreCase[] = [
  {
    name: 'a message and its deliveries are stored together, one for each listener',
    async run(given) {
      const { queue, listeners } = await storedFixture(given, 3)
      const message = await accepted(given, queue)
      assert.equal((await stored(given, message)).deliveries.length, 3)
      assert.equal(await pendingCount(given, queue), 3)
      for (const { id } of listeners) assert.equal((await claimedOne(given, { listenerId: id })).message.id, message.id)
    },
  },
  {
    name: 'a message for a queue without listeners is stored all the same',
    async run(given) {
      const { queue } = await storedFixture(given, 0)
      const { deliveries: _, ...message } = await accepted(given, queue)
      assert.deepEqual(await stored(given, message), { message, deliveries: [] })
      assert.equal(await pendingCount(given, queue), 0)
    },
  },
  {
    name: 'messages of the same and of other queues share a batch, and each goes to its own listeners',
    async run(given) {
      const [one, two] = [await storedFixture(given), await storedFixture(given)]
      const accepts = []
      for (const { queue } of [one, two, one]) accepts.push(await acceptFor(given, queue))
      const results = (await commit(given, { accepts })).accepts
      assert.deepEqual(
        results.map((result) => result.outcome),
        ['accepted', 'accepted', 'accepted'],
      )
      const got = async ({ listeners }: typeof one) =>
        (await claim(given, { listenerId: listeners[0]!.id })).deliveries.map((delivery) => delivery.message.id)
      assert.deepEqual(await got(one), [messageOf(accepts[0]!).id, messageOf(accepts[2]!).id])
      assert.deepEqual(await got(two), [messageOf(accepts[1]!).id])
    },
  },
  {
    name: 'the sequence grows with every message, within a batch and from one to the next',
    async run(given) {
      const [one, two] = [await storedFixture(given), await storedFixture(given)]
      const sequences: number[] = []
      for (let i = 0; i < 3; i++) {
        const accepts = [await acceptFor(given, one.queue), await acceptFor(given, two.queue)]
        sequences.push(...sequencesOf((await commit(given, { accepts })).accepts))
      }
      assertGrowing(sequences)
    },
  },
  {
    name: 'a sequence is not used again after its message was deleted',
    async run(given) {
      const { queue } = await storedFixture(given)
      const sequences: number[] = []
      for (let i = 0; i < 3; i++) {
        const message = await accepted(given, queue)
        sequences.push(message.sequence)
        await given.store.messages.delete({ ...idsOf(message), now: NOW })
      }
      assertGrowing(sequences)
    },
  },
  {
    name: 'batches that come at the same time are each stored in full',
    async run(given) {
      const { queue, listeners } = await storedFixture(given)
      const batches = []
      for (let i = 0; i < 8; i++) batches.push([await acceptFor(given, queue), await acceptFor(given, queue)])
      const results = await Promise.all(batches.map((accepts) => commit(given, { accepts })))
      const sequences = results.flatMap((result) => sequencesOf(result.accepts))
      assert.equal(new Set(sequences).size, 16)
      assert.equal((await claim(given, { listenerId: listeners[0]!.id })).deliveries.length, 16)
    },
  },
]

const stale: StoreCase[] = [
  {
    name: 'an accept by a version that is past is stale and stores nothing',
    async run(given) {
      const { store, now } = given
      const { queue, listeners } = await storedFixture(given)
      const ask = { organizationId: queue.organizationId, id: queue.id }
      const changes = [
        () => storedListener(given, queue),
        () => store.listeners.update({ ...idsOf(listeners[0]!), changes: { notifyUrl: 'http://127.0.0.1:9/b' }, now }),
        () => store.queues.update({ ...ask, changes: { name: 'renamed' }, now }),
        () => store.listeners.delete({ ...idsOf(listeners[0]!), now: NOW }),
      ]
      for (const change of changes) {
        const accept = await acceptFor(given, queue)
        await change()
        assert.deepEqual((await commit(given, { accepts: [accept] })).accepts, [{ outcome: 'stale' }])
        assert.equal(await store.messages.get(idsOf(messageOf(accept))), null)
      }
      assert.equal(await pendingCount(given, queue), 0)
      assert.deepEqual(await store.deliveries.waiting({ node: 'a', after: null, limit: 10, now }), [])
    },
  },
  {
    name: 'an accept for a queue that is gone, never was, or is another organization’s is stale',
    async run(given) {
      const { store, make } = given
      const { organization, queue } = await storedFixture(given, 0)
      const stranger = await storedOrganization(given)
      const gone = await storedQueue(given, organization)
      const accepts = [await acceptFor(given, gone), await acceptFor(given, queue), await acceptFor(given, queue)]
      await store.queues.delete({ organizationId: organization.id, id: gone.id, now: NOW })
      messageOf(accepts[1]!).queueId = make.id()
      messageOf(accepts[2]!).organizationId = stranger.id
      const results = (await commit(given, { accepts })).accepts
      assert.deepEqual(results, Array(3).fill({ outcome: 'stale' }))
      for (const accept of accepts) assert.equal(await store.messages.get(idsOf(messageOf(accept))), null)
    },
  },
  {
    name: 'an accept of another organization is judged for itself, whatever its neighbours in the batch',
    async run(given) {
      const { queue } = await storedFixture(given)
      const stranger = await storedOrganization(given)
      for (const foreignFirst of [true, false]) {
        const [own, foreign] = [await acceptFor(given, queue), await acceptFor(given, queue)]
        messageOf(foreign).organizationId = stranger.id
        const accepts = foreignFirst ? [foreign, own] : [own, foreign]
        const outcomes = (await commit(given, { accepts })).accepts.map((result) => result.outcome)
        assert.deepEqual(outcomes, foreignFirst ? ['stale', 'accepted'] : ['accepted', 'stale'])
      }
    },
  },
]

const mixed: StoreCase[] = [
  {
    name: 'results are in the order of the batch, and one that fails takes no other with it',
    async run(given) {
      const { queue, listeners } = await storedFixture(given)
      for (let i = 0; i < 3; i++) await accepted(given, queue)
      const { deliveries } = await claim(given, { listenerId: listeners[0]!.id })
      const settlements = deliveries.map((delivery) => settlementOf(given, delivery, ACKNOWLEDGED))
      settlements[1]!.delivery.lease += 100
      const accepts = [await acceptFor(given, queue), await acceptFor(given, queue), await acceptFor(given, queue)]
      accepts[1]!.queueVersion -= 1
      const results = await commit(given, { accepts, settlements })
      assert.deepEqual(
        results.accepts.map((result) => result.outcome),
        ['accepted', 'stale', 'accepted'],
      )
      assert.deepEqual(results.settlements, ['settled', 'lost', 'settled'])
      assert.equal(await pendingCount(given, queue), 3)
    },
  },
  {
    name: 'an empty batch has empty results',
    async run(given) {
      assert.deepEqual(await commit(given, {}), { accepts: [], settlements: [], leaseSettlements: [] })
    },
  },
  {
    name: 'twenty organizations with listeners of every order, and a key for each message, share a batch and its settlements',
    async run(given) {
      const fixtures = []
      for (let i = 0; i < 20; i++) {
        const queue = await storedQueue(given, await storedOrganization(given))
        for (const ordering of ['none', 'queue', 'key'] as const) await storedListener(given, queue, { ordering })
        fixtures.push(queue)
      }
      const accepts: Accept[] = []
      for (const queue of [...fixtures, ...fixtures]) {
        const key = accepts.length % 3 === 0 ? null : `key ${accepts.length}`
        accepts.push(await acceptFor(given, queue, { leased: true, key }))
      }
      const { accepts: results } = await commit(given, { accepts })
      const deliveries = accepts.flatMap((accept, index) => storedMessage(accept, results[index]).deliveries)
      // The second message of a queue waits for the first one wherever the order is that of the queue.
      assert.equal(deliveries.length, 20 * (2 + 1 + 2))
      const settlements = deliveries.map((delivery) => settlementOf(given, delivery, ACKNOWLEDGED))
      const settled = (await commit(given, { settlements })).settlements
      assert.equal(settled.filter((result) => result === 'lost').length, 0)
      for (const queue of fixtures) assert.equal(await pendingCount(given, queue), 1)
    },
  },
  {
    name: 'a batch of a thousand messages and one of a thousand settlements',
    async run(given) {
      const { queue, listeners } = await storedFixture(given)
      const listenerId = listeners[0]!.id
      const template = await acceptFor(given, queue)
      const accepts = Array.from({ length: 1_000 }, () => withMessage(template, given.make.message(queue)))
      assertGrowing(sequencesOf((await commit(given, { accepts })).accepts))
      const { deliveries } = await claim(given, { listenerId })
      assert.equal(deliveries.length, 1_000)
      const settlements = deliveries.map((delivery) => settlementOf(given, delivery, ACKNOWLEDGED))
      assert.deepEqual((await commit(given, { settlements })).settlements, Array(1_000).fill('settled'))
      assert.equal(await pendingCount(given, queue), 0)
      assert.equal((await given.store.listeners.get(idsOf(listeners[0]!)))?.acknowledgedCount, 1_000)
    },
  },
]

const keyUses: StoreCase[] = [
  {
    name: 'the use of a key is remembered and never goes back',
    async run(given) {
      const { store, make, now } = given
      const organization = await storedOrganization(given)
      const [key, other] = [make.apiKey(organization), make.apiKey(organization)]
      for (const it of [key, other]) await store.apiKeys.create(it)
      const used = async (at: number) => {
        await commit(given, { keyUses: [{ apiKeyId: key.id, at }] })
        return bare(await store.apiKeys.get({ organizationId: organization.id, id: key.id }))
      }
      assert.deepEqual(await used(now), { ...key, lastUsedAt: now })
      assert.deepEqual(await used(now - 5), { ...key, lastUsedAt: now })
      assert.deepEqual(await used(now + 5), { ...key, lastUsedAt: now + 5 })
      assert.deepEqual(bare(await store.apiKeys.get({ organizationId: organization.id, id: other.id })), other)
    },
  },
  {
    name: 'the use of a key that is gone is no hindrance',
    async run(given) {
      const { queue } = await storedFixture(given)
      const keyUses = [{ apiKeyId: given.make.id(), at: given.now }]
      const results = await commit(given, { accepts: [await acceptFor(given, queue)], keyUses })
      assert.equal(results.accepts[0]?.outcome, 'accepted')
    },
  },
  {
    name: 'a store that can be written answers a ping',
    async run({ store }) {
      assert.equal(await store.ping(), undefined)
    },
  },
]

export const batchCases = [...taken, ...stale, ...mixed, ...keyUses]
