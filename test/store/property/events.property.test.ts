import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { LeasedDelivery } from '../../../src/core/delivery/delivery.ts'
import { categoryOf, EVENT_CATEGORIES, type UsageEvent } from '../../../src/core/telemetry/event.ts'
import { positionOfEvent } from '../../../src/core/telemetry/event-id.ts'
import { openMemoryStore } from '../../support/memory-store.ts'
import { rounds } from '../../support/thorough.ts'
import { eventsAfter, eventsListed } from '../cases/reading/events.cases.ts'
import { ACKNOWLEDGED, acceptFor, commit, type Fixture, settlementOf, storedFixture } from '../fixture.ts'
import { type Given, withStore } from '../suite.ts'

/** One commit: how many messages each organization posts, how many deliveries are settled, and what happens besides. */
const step = fc.record({
  posts: fc.tuple(fc.nat(4), fc.nat(4)),
  settlements: fc.nat(3),
  passMs: fc.constantFrom(0, 0, 1, 1_000),
  newQueueOf: fc.option(fc.nat(1)),
})
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never

/** Does things to two organizations, and notes what each of them must be told, oldest first. */
class Diary {
  readonly #given: Given
  readonly #fixtures: Fixture[]
  readonly told: string[][]
  #pending: LeasedDelivery[] = []

  private constructor(given: Given, fixtures: Fixture[]) {
    this.#given = given
    this.#fixtures = fixtures
    this.told = fixtures.map(({ queue, listeners }) => [
      `queue_added ${queue.id}`,
      `listener_added ${listeners[0]!.id}`,
    ])
  }

  static async begin(given: Given): Promise<Diary> {
    return new Diary(given, [await storedFixture(given), await storedFixture(given)])
  }

  get organizationIds(): string[] {
    return this.#fixtures.map(({ organization }) => organization.id)
  }

  async take({ posts, settlements, passMs, newQueueOf }: Step): Promise<void> {
    this.#given.now += passMs
    if (newQueueOf !== null) await this.#addQueue(newQueueOf)
    const accepts = []
    for (const [owner, count] of posts.entries()) {
      for (let i = 0; i < count; i++)
        accepts.push(await acceptFor(this.#given, this.#fixtures[owner]!.queue, { leased: true }))
    }
    const settled = this.#pending.splice(0, settlements)
    const settling = settled.map((delivery) => settlementOf(this.#given, delivery, ACKNOWLEDGED))
    const result = await commit(this.#given, { accepts, settlements: settling })
    for (const [index, accept] of accepts.entries()) {
      const it = result.accepts[index]!
      assert.ok(it.outcome === 'accepted')
      const { message, deliveries } = accept.messages[0]!
      const { sequence, leases } = it.messages[0]!
      const whole = { ...message, sequence }
      const dueAt = message.deliverAt
      const { listenerId } = deliveries[0]!
      this.#pending.push({
        listenerId,
        message: whole,
        dueAt,
        attempts: 0,
        attemptsBefore: 0,
        firstSentAt: null,
        orderNumber: null,
        lease: leases[0]!,
      })
      this.#note('message_added', message)
    }
    for (const { message } of settled) this.#note('message_published_ok', message)
  }

  async #addQueue(owner: number): Promise<void> {
    // What is made has a time of its own, before that of the test, and would sort there.
    const organization = this.#fixtures[owner]!.organization
    const queue = this.#given.make.queue(organization, { createdAt: this.#given.now })
    assert.equal(await this.#given.store.queues.create(queue), 'created')
    this.#note('queue_added', queue)
  }

  #note(type: string, { id, organizationId }: { id: string; organizationId: string }): void {
    this.told[this.organizationIds.indexOf(organizationId)]!.push(`${type} ${id}`)
  }
}

const lineOf = ({ type, subject }: UsageEvent) => `${type} ${subject.id}`

async function compare(given: Given, diary: Diary, limit: number): Promise<void> {
  for (const [owner, organizationId] of diary.organizationIds.entries()) {
    const listed = await eventsListed(given, { organizationId, limit })
    const ids = listed.map(({ id }) => id)
    assert.deepEqual(ids, ids.toSorted().reverse())
    assert.equal(new Set(ids).size, ids.length)
    assert.deepEqual(listed.map(lineOf).reverse(), diary.told[owner])
    const upwards = { organizationId, limit, order: 'oldest' as const, upTo: await given.store.events.horizon() }
    assert.deepEqual(await eventsListed(given, upwards), listed.toReversed())
    for (const [place, event] of listed.toReversed().entries()) {
      const rest = await eventsAfter(given, { ...upwards, limit: 100 }, positionOfEvent(event.id))
      assert.deepEqual(rest, listed.toReversed().slice(place + 1))
    }
    for (const category of EVENT_CATEGORIES) {
      const some = await eventsListed(given, { organizationId, limit, categories: [category] })
      assert.deepEqual(
        some,
        listed.filter(({ type }) => categoryOf(type) === category),
      )
    }
  }
}

test("events that are listed page by page are all that happened, in order, none twice, and nobody else's", () =>
  fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), fc.integer({ min: 1, max: 7 }), (steps, limit) =>
      withStore(openMemoryStore, async (given) => {
        const diary = await Diary.begin(given)
        for (const it of steps) await diary.take(it)
        await compare(given, diary, limit)
      }),
    ),
    { seed: 48, numRuns: rounds({ quick: 40, long: 100 }) },
  ))
