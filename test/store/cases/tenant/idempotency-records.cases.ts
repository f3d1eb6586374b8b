import assert from 'node:assert/strict'
import type { IdempotencyRecord } from '../../../../src/store/idempotency-records.ts'
import {
  accepted,
  acceptFor,
  bare,
  commit,
  idsOf,
  messageOf,
  storedFixture,
  storedOrganization,
} from '../../fixture.ts'
import type { Given, StoreCase } from '../../suite.ts'

const DAY_MS = 86_400_000

function answerFor(
  given: Given,
  organization: { id: string },
  what: Partial<IdempotencyRecord> = {},
): IdempotencyRecord {
  const request = { organizationId: organization.id, target: 'POST /queues', key: 'k', digest: 'd' }
  const times = { storedAt: given.now, expiresAt: given.now + DAY_MS }
  return { ...request, status: 200, body: '{"zażółć":"🙂"}', ...times, ...what }
}

function find({ store, now }: Given, { organizationId, target, key }: IdempotencyRecord, at = now) {
  return store.answers.find({ organizationId, target, key, now: at })
}

const kept: StoreCase[] = [
  {
    name: 'the records of an organization are counted in steps, and those of no other',
    async run(given) {
      const { answers } = given.store
      const [organization, other] = [await storedOrganization(given), await storedOrganization(given)]
      for (const key of ['a', 'b', '~ 1', 'Z', 'e'])
        for (const target of key === 'e' ? ['POST /queues'] : ['POST /queues', 'POST /api_keys'])
          await answers.keep(answerFor(given, organization, { key, target }))
      await answers.keep(answerFor(given, other))
      const counts = async (limit: number) => {
        const steps: number[] = []
        let after: { target: string; key: string } | null = null
        do {
          const step = await answers.count({ organizationId: organization.id, after, limit })
          steps.push(step.count)
          after = step.last
        } while (after !== null)
        return steps
      }
      assert.deepEqual(await counts(4), [4, 4, 1])
      assert.deepEqual(await counts(9), [9, 0])
      assert.deepEqual(await counts(10), [9])
      assert.deepEqual(await answers.count({ organizationId: given.make.id(), after: null, limit: 5 }), {
        count: 0,
        last: null,
      })
    },
  },
  {
    name: 'an answer is found by organization, target and key until it expires',
    async run(given) {
      const organization = await storedOrganization(given)
      const answer = answerFor(given, organization)
      assert.equal(await find(given, answer), null)
      assert.equal(await given.store.answers.keep(answer), 'kept')
      assert.deepEqual(await find(given, answer), answer)
      assert.deepEqual(await find(given, answer, answer.expiresAt - 1), answer)
      assert.equal(await find(given, answer, answer.expiresAt), null)
      for (const other of [{ organizationId: 'o' }, { target: 'POST /api_keys' }, { key: 'K' }]) {
        assert.equal(await find(given, { ...answer, ...other }), null)
      }
    },
  },
  {
    name: 'the first answer stays, and one that has expired gives way',
    async run(given) {
      const organization = await storedOrganization(given)
      const answer = answerFor(given, organization)
      await given.store.answers.keep(answer)
      const late = { ...answer, body: '"late"', storedAt: answer.expiresAt - 1 }
      assert.equal(await given.store.answers.keep(late), 'answered')
      assert.deepEqual(await find(given, answer), answer)
      const next = { ...answer, body: '"next"', storedAt: answer.expiresAt, expiresAt: answer.expiresAt + DAY_MS }
      assert.equal(await given.store.answers.keep(next), 'kept')
      assert.deepEqual(await find(given, next, next.storedAt), next)
    },
  },
  {
    name: 'of answers that are kept at the same time, one is',
    async run(given) {
      const organization = await storedOrganization(given)
      const bodies = ['"a"', '"b"', '"c"']
      const all = bodies.map((body) => given.store.answers.keep(answerFor(given, organization, { body })))
      assert.deepEqual((await Promise.all(all)).sort(), ['answered', 'answered', 'kept'])
    },
  },
  {
    name: 'expired answers are removed a few at a time, the others stay',
    async run(given) {
      const organization = await storedOrganization(given)
      const keys = ['a', 'b', 'c', 'd', 'e']
      for (const [i, key] of keys.entries()) {
        const storedAt = given.now + i
        await given.store.answers.keep(answerFor(given, organization, { key, storedAt, expiresAt: storedAt + DAY_MS }))
      }
      const remove = (limit: number) => given.store.answers.removeExpired({ now: given.now + DAY_MS + 2, limit })
      assert.deepEqual([await remove(2), await remove(2), await remove(2)], [2, 1, 0])
      for (const key of ['d', 'e']) assert.ok(await find(given, answerFor(given, organization, { key })))
    },
  },
]

const together: StoreCase[] = [
  {
    name: 'messages are stored with their answer, or neither is',
    async run(given) {
      const { organization, queue } = await storedFixture(given)
      const answer = answerFor(given, organization)
      const stale = { ...(await acceptFor(given, queue)), queueVersion: 999, answer }
      assert.deepEqual((await commit(given, { accepts: [stale] })).accepts, [{ outcome: 'stale' }])
      assert.equal(await find(given, answer), null)
      const accept = { ...(await acceptFor(given, queue)), answer }
      assert.equal((await commit(given, { accepts: [accept] })).accepts[0]?.outcome, 'accepted')
      assert.deepEqual(await find(given, answer), answer)
    },
  },
  {
    name: 'messages of a request that has an answer are not stored again, in one batch and in two',
    async run(given) {
      const { organization, queue } = await storedFixture(given)
      const answer = answerFor(given, organization)
      const accepts = []
      for (let i = 0; i < 2; i++) accepts.push({ ...(await acceptFor(given, queue)), answer })
      const late = { ...(await acceptFor(given, queue)), answer: { ...answer, body: '"late"' } }
      const results = [await commit(given, { accepts }), await commit(given, { accepts: [late] })]
      const outcomes = results.flatMap((result) => result.accepts.map(({ outcome }) => outcome))
      assert.deepEqual(outcomes, ['accepted', 'answered', 'answered'])
      for (const accept of [accepts[1]!, late])
        assert.equal(await given.store.messages.get(idsOf(messageOf(accept))), null)
      assert.deepEqual(await find(given, answer), answer)
    },
  },
  {
    name: 'what cannot be stored leaves no answer behind',
    async run(given) {
      const { organization, queue } = await storedFixture(given)
      const twice = await accepted(given, queue)
      const answer = answerFor(given, organization)
      const accept = await acceptFor(given, queue, { id: twice.id })
      await assert.rejects(commit(given, { accepts: [{ ...accept, answer }] }))
      assert.equal(await find(given, answer), null)
    },
  },
  {
    name: 'a queue, a listener and a key are created with their answer, once, or neither is',
    async run(given) {
      const { store, make } = given
      const { organization, queue, listeners } = await storedFixture(given)
      const nouns = [
        (name?: string) => (answer: IdempotencyRecord) =>
          store.queues.create(make.queue(organization, name ? { name } : {}), answer),
        (name?: string) => (answer: IdempotencyRecord) =>
          store.listeners.create(make.listener(queue, name ? { name } : {}), answer),
        (name?: string) => (answer: IdempotencyRecord) =>
          store.apiKeys.create(make.apiKey(organization, name ? { name } : {}), answer),
      ]
      await store.apiKeys.create(make.apiKey(organization, { name: 'taken' }))
      const taken = [queue.name, listeners[0]!.name, 'taken']
      for (const [i, create] of nouns.entries()) {
        const answer = answerFor(given, organization, { key: `${i}` })
        assert.equal(await create(taken[i])(answer), 'name_taken')
        assert.equal(await find(given, answer), null)
        assert.equal(await create()(answer), 'created')
        assert.deepEqual(await find(given, answer), answer)
        assert.equal(await create('another')(answer), 'answered')
        assert.equal(await create('another')({ ...answer, key: `next ${i}` }), 'created', 'the name was not taken')
      }
    },
  },
]

const expectedRevisions: StoreCase[] = [
  {
    name: 'a change by what was believed goes through once, however many come at the same time',
    async run(given) {
      const { store, now } = given
      const { organization, queue, listeners } = await storedFixture(given)
      const message = await accepted(given, queue)
      const listener = idsOf(listeners[0]!)
      const inQueue = { organizationId: organization.id, id: queue.id }
      const ifMatch = [(await store.listeners.get(listener))!.revision]
      const rename = [(await store.messages.get(idsOf(message)))!.revision]
      const changes = (i: number) => ({ changes: { name: `n${i}` }, now })
      const races: ((i: number) => Promise<unknown>)[] = [
        (i: number) => store.listeners.update({ ...listener, ...changes(i), ifMatch }),
        (i: number) =>
          store.messages.update({ ...idsOf(message), changes: { name: `n${i}` }, now: given.now, ifMatch: rename }),
      ]
      for (const race of races) {
        const outcomes = await Promise.all([0, 1, 2].map(race))
        assert.equal(outcomes.filter((outcome) => outcome === 'changed').length, 2)
      }
      const version = [(await store.queues.get(inQueue))!.version]
      const queues = await Promise.all(
        [0, 1].map((i) => store.queues.update({ ...inQueue, ...changes(i), ifMatch: version })),
      )
      assert.equal(queues.filter((outcome) => outcome === 'changed').length, 1)
      const client = (await store.organizations.get(organization.id))!
      const clients = await Promise.all(
        [0, 1].map((i) =>
          store.organizations.update({ id: client.id, changes: { name: `o${i}` }, now, ifMatch: [client.revision] }),
        ),
      )
      assert.equal(clients.filter((outcome) => outcome === 'changed').length, 1)
    },
  },
  {
    name: 'a delete by what is no longer so leaves everything as it was',
    async run(given) {
      const { store, make, now } = given
      const { organization, queue, listeners } = await storedFixture(given)
      const message = await accepted(given, queue)
      const key = make.apiKey(organization)
      await store.apiKeys.create(key)
      const wrong = { ifMatch: [999], now }
      const inOrganization = { organizationId: organization.id }
      assert.equal(await store.messages.delete({ ...idsOf(message), ...wrong }), 'changed')
      assert.equal(await store.listeners.delete({ ...idsOf(listeners[0]!), ...wrong }), 'changed')
      assert.equal(await store.queues.delete({ ...inOrganization, id: queue.id, ...wrong }), 'changed')
      assert.equal(await store.apiKeys.delete({ ...inOrganization, id: key.id, ...wrong }), 'changed')
      assert.equal(await store.apiKeys.delete({ ...inOrganization, id: key.id, ifMatch: [], now }), 'changed')
      assert.equal(await store.organizations.delete({ id: organization.id, ifMatch: [999] }), 'changed')
      assert.deepEqual(bare(await store.organizations.get(organization.id)), organization)
      assert.deepEqual(bare(await store.apiKeys.get({ ...inOrganization, id: key.id })), key)
      assert.ok(await store.messages.get(idsOf(message)))
      assert.ok(await store.listeners.get(idsOf(listeners[0]!)))
    },
  },
]

export const answerCases = [...kept, ...together, ...expectedRevisions]
