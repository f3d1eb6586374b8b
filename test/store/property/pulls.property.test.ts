import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { DEFAULT_SETTINGS, type Listener } from '../../../src/core/delivery/listener.ts'
import type { Receipt } from '../../../src/core/delivery/pull.ts'
import type { Queue } from '../../../src/core/delivery/queue.ts'
import type { LeaseSettlement } from '../../../src/store/pulls.ts'
import { openMemoryStore } from '../../support/memory-store.ts'
import { rounds } from '../../support/thorough.ts'
import { accepted, commit, idsOf, pendingCount, storedOrganization, storedQueue } from '../fixture.ts'
import { type Given, withStore } from '../suite.ts'

const SEED = 20_260_102
const RUNS = rounds({ quick: 200, long: 500 })
const MAX_ATTEMPTS = 3

/** What should be true of one message, in the simplest words. */
interface Expected {
  id: string
  sequence: number
  state: 'pending' | 'delivered' | 'missed'
  /** When it can be had; of a leased one the end of the lease. */
  dueAt: number
  /** The end that the receipt of its lease names. */
  receiptUntil: number
  /** Ended leases that counted. */
  attempts: number
  leased: boolean
}

type Step =
  | { kind: 'accept'; delayMs: number }
  | { kind: 'pull'; max: number; leaseMs: number }
  | { kind: 'end'; which: number; how: 'acknowledged' | 'returned' | 'unseen'; delayMs: number }
  | { kind: 'extend'; which: number; leaseMs: number }
  | { kind: 'expire' }
  | { kind: 'wait'; ms: number }

/** A listener that pulls, and what it should see. */
class Fixture {
  readonly given: Given
  readonly queue: Queue
  readonly listener: Listener
  readonly messages: Expected[] = []
  readonly receipts: Receipt[] = []

  constructor(given: Given, queue: Queue, listener: Listener) {
    this.given = given
    this.queue = queue
    this.listener = listener
  }

  get now(): number {
    return this.given.now
  }

  async do(step: Step): Promise<void> {
    if (step.kind === 'wait') this.given.now += step.ms
    if (step.kind === 'accept') await this.#accept(step.delayMs)
    if (step.kind === 'pull') await this.#pull(step)
    if (step.kind === 'end') await this.#end(step)
    if (step.kind === 'extend') await this.#extend(step)
    if (step.kind === 'expire') await this.#expire()
  }

  async #accept(delayMs: number): Promise<void> {
    const { id, sequence, deliverAt } = await accepted(this.given, this.queue, { deliverAt: this.now + delayMs })
    this.messages.push({
      id,
      sequence,
      state: 'pending',
      dueAt: deliverAt,
      receiptUntil: 0,
      attempts: 0,
      leased: false,
    })
  }

  async #pull({ max, leaseMs }: { max: number; leaseMs: number }): Promise<void> {
    const asks = [{ listenerId: this.listener.id, limit: max, maxBytes: 1e9, leaseMs }]
    const [result] = await this.given.store.pulls.pull({ now: this.now, asks })
    assert.ok(result?.outcome === 'pulled')
    const taken = this.#takes(max, leaseMs)
    assert.deepEqual(
      result.deliveries.map(({ message, attempt, leaseUntil }) => [message.id, attempt, leaseUntil]),
      taken.map(({ id, attempts, dueAt }) => [id, attempts + 1, dueAt]),
    )
    for (const { message, attempt, leaseUntil } of result.deliveries) {
      this.receipts.push({ messageId: message.id, attempt, leaseUntil })
    }
    // Who waits must neither sleep through something nor be woken for nothing.
    const due = this.messages.filter(({ state }) => state === 'pending').map(({ dueAt }) => dueAt)
    const next = due.length === 0 ? null : Math.min(...due)
    if (next === null || next > this.now) assert.equal(result.nextDueAt, next)
    else assert.ok(result.nextDueAt !== null && result.nextDueAt <= this.now)
  }

  #takes(max: number, leaseMs: number): Expected[] {
    const due = this.messages.filter(({ state, dueAt }) => state === 'pending' && dueAt <= this.now)
    const taken: Expected[] = []
    for (const message of due.toSorted((a, b) => a.dueAt - b.dueAt || a.sequence - b.sequence)) {
      if (taken.length === max) break
      if (message.leased) this.#failed(message, message.dueAt)
      if (message.state !== 'pending') continue
      message.leased = true
      message.dueAt = this.now + leaseMs
      message.receiptUntil = message.dueAt
      taken.push(message)
    }
    return taken
  }

  #failed(message: Expected, dueAt: number): void {
    message.attempts += 1
    message.leased = false
    if (message.attempts === MAX_ATTEMPTS) message.state = 'missed'
    else message.dueAt = dueAt
  }

  async #end({ which, how, delayMs }: Extract<Step, { kind: 'end' }>): Promise<void> {
    const receipt = this.receipts[which % Math.max(1, this.receipts.length)]
    if (receipt === undefined) return
    const message = await this.#say(receipt, how === 'returned' ? { how, delayMs } : { how })
    if (message === null) return
    if (how === 'returned') this.#failed(message, this.now + delayMs)
    else {
      message.leased = false
      message.dueAt = this.now
      if (how === 'acknowledged') message.state = 'delivered'
    }
  }

  async #extend({ which, leaseMs }: Extract<Step, { kind: 'extend' }>): Promise<void> {
    const receipt = this.receipts[which % Math.max(1, this.receipts.length)]
    if (receipt === undefined) return
    const message = await this.#say(receipt, { how: 'extended', leaseMs })
    if (message !== null) message.dueAt = this.now + leaseMs
  }

  /** Null where the lease is over, which the store has to see, too. */
  async #say(receipt: Receipt, end: LeaseSettlement['end']): Promise<Expected | null> {
    const settlement = { listenerId: this.listener.id, queueId: this.queue.id, receipt, end, random: 0 }
    const { leaseSettlements } = await commit(this.given, { leaseSettlements: [settlement] })
    const message = this.messages.find(({ id }) => id === receipt.messageId)!
    const isLast = message.receiptUntil === receipt.leaseUntil && message.attempts + 1 === receipt.attempt
    const live = message.leased && isLast
    assert.equal(leaseSettlements[0] === 'lost', !live)
    return live ? message : null
  }

  async #expire(): Promise<void> {
    await this.given.store.pulls.expire({ now: this.now, limit: 1_000 })
    for (const message of this.messages)
      if (message.leased && message.dueAt <= this.now) this.#failed(message, message.dueAt)
  }

  async check(): Promise<void> {
    const { store } = this.given
    for (const { id, state, attempts } of this.messages) {
      const address = { ...idsOf(this.listener), id }
      const found = await store.messages.get(address)
      assert.deepEqual(
        found!.deliveries.map((delivery) => [delivery.status, delivery.attempts]),
        [[state, attempts + (state === 'delivered' ? 1 : 0)]],
      )
      const numbers = (await store.messages.attempts(address))!.map(({ attempt }) => attempt.number)
      assert.deepEqual(
        numbers.toReversed(),
        Array.from({ length: numbers.length }, (_, index) => index + 1),
      )
    }
    const count = (state: Expected['state']) => this.messages.filter((message) => message.state === state).length
    const counters = await store.listeners.get(idsOf(this.listener))
    assert.deepEqual([counters!.acknowledgedCount, counters!.missedCount], [count('delivered'), count('missed')])
    assert.equal(await pendingCount(this.given, this.queue), count('pending'))
  }
}

const ms = fc.constantFrom(0, 1, 500, 1_000, 5_000)
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('accept' as const), delayMs: ms }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('pull' as const),
      max: fc.integer({ min: 1, max: 4 }),
      leaseMs: fc.constantFrom(1_000, 2_000),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('end' as const),
      which: fc.nat(1_000),
      how: fc.constantFrom('acknowledged' as const, 'returned' as const, 'unseen' as const),
      delayMs: ms,
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('extend' as const),
      which: fc.nat(1_000),
      leaseMs: fc.constantFrom(1_000, 3_000),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('expire' as const) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms }) },
)

/** The listeners of other runs are gone by then, and what they had leased with them. */
async function run(given: Given, queue: Queue, steps: readonly Step[]): Promise<void> {
  const retry = { maxAttempts: MAX_ATTEMPTS, initialDelayMs: 1_000, maxDelayMs: 1_000, multiplier: 1 }
  const settings = { ...DEFAULT_SETTINGS, retry }
  const listener = given.make.listener(queue, { notifyUrl: null, livenessUrl: null, settings })
  assert.equal(await given.store.listeners.create(listener), 'created')
  const fixture = new Fixture(given, queue, listener)
  for (const step of steps) await fixture.do(step)
  await fixture.check()
  await given.store.listeners.delete({ ...idsOf(listener), now: given.now })
}

test('whatever is pulled, ended and left, every message is where it should be, and no lease is worth anything twice', () =>
  withStore(openMemoryStore, async (given) => {
    const organization = await storedOrganization(given)
    const property = fc.asyncProperty(fc.array(step, { maxLength: 60, size: 'max' }), async (steps) => {
      await run(given, await storedQueue(given, organization), steps)
    })
    await fc.assert(property, { seed: SEED, numRuns: RUNS })
  }))
