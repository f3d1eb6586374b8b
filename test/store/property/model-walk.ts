import assert from 'node:assert/strict'
import type { LeasedDelivery, Next } from '../../../src/core/delivery/delivery.ts'
import type { Listener } from '../../../src/core/delivery/listener.ts'
import type { Message } from '../../../src/core/delivery/message.ts'
import type { Queue } from '../../../src/core/delivery/queue.ts'
import type { Discardable } from '../../../src/core/message/discard.ts'
import type { Organization } from '../../../src/core/tenant/organization.ts'
import { createDiscarder } from '../../../src/engine/upkeep/discarder.ts'
import type { AcceptResult } from '../../../src/store/commit/batch.ts'
import type { Claim } from '../../../src/store/deliveries.ts'
import type { Store } from '../../../src/store/store.ts'
import {
  ACKNOWLEDGED,
  acceptFor,
  claim,
  commit,
  idsOf,
  leavingOut,
  MISSED,
  messageOf,
  settlementOf,
  storedListener,
  storedOrganization,
  storedQueue,
} from '../fixture.ts'
import type { Given } from '../suite.ts'
import { Model, type Pair } from './model.ts'

export type Step =
  | {
      do: 'accept'
      queue: number
      node: string
      leased: boolean
      /** Of the queue's first eight listeners, a bit for each that the message does not fit. */
      leftOut?: number
      delayMs: number
      lifeMs?: number | null
      stale: boolean
    }
  | { do: 'claim'; listener: number; node: string; limit: number }
  | { do: 'settle'; tickets: number[]; next: 'acknowledged' | 'retry' | 'missed'; retryMs: number }
  | { do: 'pass'; ms: number }
  | { do: 'renew'; node: string }
  | { do: 'release'; node: string }
  | { do: 'hand back'; tickets: number[] }
  | { do: 'expire'; limit: number }
  | { do: 'end held'; tickets: number[]; why?: 'expiries' | 'discards' }
  | { do: 'discard'; queue: number; listener: number | null; status: Discardable | null }
  | { do: 'pause'; queue: number; paused: boolean }
  | { do: 'delete message'; message: number }
  | { do: 'create listener'; queue: number }
  | { do: 'delete listener'; listener: number }
  | { do: 'delete queue'; queue: number }
  | { do: 'sweep'; limit: number }
  | { do: 'crash' }

/** Times are multiples of 500 ms and leases end in between, so that the model need not say what "until" includes. */
const LEASE_MS = 1_750

/** A lease that a node or client was given once; whether it still counts is what the store must know. */
interface Ticket {
  node: string
  delivery: LeasedDelivery
}

/** Takes the same steps in a store and in the model, and compares what they answer. */
export class Walk {
  readonly #given: Given
  /** What a process finds that comes after the one which died just now. */
  readonly #reopen: () => Promise<Store>
  readonly #model = new Model()
  #organization!: Organization
  #queues: Queue[] = []
  #listeners: Listener[] = []
  #messages: Message[] = []
  #tickets: Ticket[] = []
  /** Of each message the listeners that it did not fit. */
  readonly #leftOut = new Map<string, string[]>()

  private constructor(given: Given, reopen: () => Promise<Store>) {
    this.#given = { ...given }
    this.#reopen = reopen
  }

  /** Begins with two queues: one with two listeners, one with one. */
  static async begin(given: Given, reopen: () => Promise<Store> = async () => given.store): Promise<Walk> {
    const walk = new Walk(given, reopen)
    walk.#organization = await storedOrganization(given)
    for (const listenerCount of [2, 1]) {
      const queue = await storedQueue(given, walk.#organization)
      walk.#queues.push(queue)
      for (let i = 0; i < listenerCount; i++) walk.#listeners.push(await storedListener(given, queue))
    }
    return walk
  }

  /** Takes one step and then looks at everything. */
  async take(step: Step): Promise<void> {
    await this.#do(step)
    await this.#compare()
  }

  /** Takes one step; a store that is looked at may have to write down what it had only in mind. */
  async takeUnseen(step: Step): Promise<void> {
    await this.#do(step)
  }

  /** Lets everything become due and acknowledges it: afterwards nothing may be pending anywhere. */
  async drain(): Promise<void> {
    const { store } = this.#given
    for (const node of ['a', 'b']) await this.#do({ do: 'release', node })
    for (let i = 0; i < this.#queues.length; i++) await this.#do({ do: 'pause', queue: i, paused: false })
    await this.#do({ do: 'pass', ms: 60_000 })
    for (let i = 0; i < this.#listeners.length; i++) {
      await this.#do({ do: 'claim', listener: i, node: 'a', limit: 1_000 })
    }
    const everyTicket = this.#tickets.map((_, i) => i)
    await this.#do({ do: 'settle', tickets: everyTicket, next: 'acknowledged', retryMs: 0 })
    await this.#compare()
    assert.deepEqual(
      this.#model.of((pair) => pair.state === 'pending'),
      [],
    )
    const { now } = this.#given
    const everything = { organizationId: this.#organization.id, only: null, since: null, until: null, now }
    assert.deepEqual((await store.ledger.read(everything)).unaccounted, [])
    const ask = { node: 'a', after: null, limit: 100, now }
    assert.deepEqual(await store.deliveries.waiting(ask), [])
  }

  async #do(step: Step): Promise<void> {
    switch (step.do) {
      case 'accept':
        return this.#accept(step)
      case 'claim':
        return this.#claim(step)
      case 'settle':
        return this.#settle(step)
      case 'pass':
        this.#given.now += step.ms
        return
      case 'renew':
        this.#model.renew(step.node, this.#given.now + LEASE_MS)
        return this.#given.store.deliveries.renew({ node: step.node, until: this.#given.now + LEASE_MS })
      case 'release':
        this.#model.release(step.node)
        return this.#given.store.deliveries.release({ node: step.node })
      case 'hand back':
        return this.#handBack(step.tickets)
      case 'expire':
        return this.#expire(step.limit)
      case 'end held':
        return this.#endHeld(step)
      case 'discard':
        return this.#discard(step)
      case 'pause':
        return this.#pause(step.queue, step.paused)
      case 'delete message':
        return this.#deleteMessage(step.message)
      case 'create listener':
        return this.#createListener(step.queue)
      case 'delete listener':
        return this.#deleteListener(step.listener)
      case 'delete queue':
        return this.#deleteQueue(step.queue)
      case 'crash':
        return this.#crash()
      case 'sweep':
        await this.#given.store.removals.sweep({ limit: step.limit })
    }
  }

  /** The node that held leases is gone, and the next process goes by another name. */
  async #crash(): Promise<void> {
    this.#given.store = await this.#reopen()
    for (const node of ['a', 'b']) this.#model.release(node)
    this.#tickets = []
  }

  async #accept(step: Extract<Step, { do: 'accept' }>): Promise<void> {
    const queue = picked(this.#queues, step.queue)
    if (queue === undefined) return
    const times = { createdAt: this.#given.now, deliverAt: this.#given.now + step.delayMs }
    // Late enough that what waits is looked at again in time: see `SENT_AGAIN_MS`.
    const { lifeMs = null } = step
    const expiresAt = lifeMs === null ? null : times.deliverAt + Math.max(0, -step.delayMs) + lifeMs
    const forAll = await acceptFor(this.#given, queue, { ...times, expiresAt, leased: step.leased })
    const isOut = (place: number) => (((step.leftOut ?? 0) >> place) & 1) === 1
    const accept = leavingOut(forAll, isOut)
    const all = forAll.messages[0]!.deliveries.map(({ listenerId }) => listenerId)
    if (step.stale) accept.queueVersion -= 1
    const result: AcceptResult = (await commit(this.#given, { node: step.node, accepts: [accept] })).accepts[0]!
    assert.equal(result.outcome, step.stale ? 'stale' : 'accepted')
    if (result.outcome !== 'accepted') return
    const { sequence, leases } = result.messages[0]!
    const message: Message = { ...messageOf(accept), sequence }
    this.#messages.push(message)
    this.#leftOut.set(message.id, all.filter((_, place) => isOut(place)).sort())
    for (const [i, { listenerId }] of accept.messages[0]!.deliveries.entries()) {
      const lease: number | null = leases[i]!
      assert.equal(lease !== null, step.leased)
      const holder = lease === null ? null : { node: step.node, lease }
      const dueAt = message.deliverAt
      this.#model.accept({ messageId: message.id, listenerId, queueId: queue.id, dueAt, holder, expiresAt })
      if (lease === null) continue
      const delivery = {
        listenerId,
        message,
        dueAt,
        attempts: 0,
        attemptsBefore: 0,
        firstSentAt: null,
        orderNumber: null,
        lease,
      }
      this.#tickets.push({ node: step.node, delivery })
    }
  }

  /** What was claimed must be free and due, not twice the same, and nothing that was left may be due earlier. */
  async #claim({ listener, node, limit }: Extract<Step, { do: 'claim' }>): Promise<void> {
    const listenerId = picked(this.#listeners, listener)?.id
    if (listenerId === undefined) return
    const { now } = this.#given
    const free = this.#model.free(node, listenerId, now)
    const due = free.filter((pair) => pair.dueAt <= now).slice(0, limit)
    const { deliveries, nextDueAt }: Claim = await claim(this.#given, { node, listenerId, limit })
    assert.equal(nextDueAt, free[due.length]?.dueAt ?? null)
    assert.deepEqual(
      deliveries.map((delivery) => delivery.dueAt),
      due.map((pair) => pair.dueAt),
    )
    for (const delivery of deliveries) {
      const messageId = delivery.message.id
      const wasFree = free.some((pair) => pair.messageId === messageId && pair.dueAt === delivery.dueAt)
      assert.ok(wasFree, 'claimed what was not free')
      const pair = this.#model.take({ messageId, listenerId }, { node, lease: delivery.lease })
      assert.equal(delivery.attempts, pair.attempts)
      this.#tickets.push({ node, delivery })
    }
    assert.equal(new Set(deliveries.map((delivery) => delivery.message.id)).size, deliveries.length)
  }

  /** Settles by tickets old and new, those of one node in one batch, also the same one twice. */
  async #settle({ tickets, next, retryMs }: Extract<Step, { do: 'settle' }>): Promise<void> {
    const chosen = tickets.flatMap((i) => picked(this.#tickets, i) ?? [])
    const outcome: Next = next === 'acknowledged' ? ACKNOWLEDGED : next === 'missed' ? MISSED : this.#dueIn(retryMs)
    for (const node of ['a', 'b']) {
      const own = chosen.filter((ticket) => ticket.node === node)
      const settlements = own.map(({ delivery }) => settlementOf(this.#given, delivery, outcome))
      const results = (await commit(this.#given, { node, settlements })).settlements
      const expected = own.map((ticket) => this.#settleInModel(ticket, outcome))
      assert.deepEqual(results, expected)
    }
  }

  #dueIn(ms: number): Next {
    return { state: 'pending', dueAt: this.#given.now + ms }
  }

  #settleInModel({ node, delivery }: Ticket, next: Next): 'settled' | 'lost' {
    const key = { messageId: delivery.message.id, listenerId: delivery.listenerId }
    if (!this.#model.holds(key, { node, lease: delivery.lease })) return 'lost'
    if (next.state === 'pending') this.#model.settle(key, { dueAt: next.dueAt })
    else this.#model.settle(key, { state: next.state === 'missed' ? 'missed' : 'delivered' })
    return 'settled'
  }

  /** By tickets old and new: those that do not count any more must change nothing. */
  async #handBack(tickets: number[]): Promise<void> {
    for (const { node, delivery } of tickets.flatMap((i) => picked(this.#tickets, i) ?? [])) {
      const { listenerId, lease, message } = delivery
      await this.#given.store.deliveries.handBack({ node, leases: [{ listenerId, lease, sequence: message.sequence }] })
      this.#model.handBack({ messageId: message.id, listenerId }, { node, lease })
    }
  }

  /** Until nothing is over that can be ended; what a living node holds is looked at again, two seconds later. */
  async #expire(limit: number): Promise<void> {
    const { store } = this.#given
    this.#given.now += 2_000
    const { now } = this.#given
    for (let afterOrganization: string | null = null; ; ) {
      const step = await store.expiries.step({ node: 'upkeep', now, limit, afterOrganization })
      if (step.looked === 0) break
      afterOrganization = step.organizationId
    }
    this.#model.expire(now)
  }

  /** By tickets old and new, as a lane does with what it cannot send in time. */
  async #endHeld({ tickets, why = 'expiries' }: Extract<Step, { do: 'end held' }>): Promise<void> {
    const { store, now } = this.#given
    for (const { node, delivery } of tickets.flatMap((i) => picked(this.#tickets, i) ?? [])) {
      const { listenerId, lease, message } = delivery
      await store[why].endLeased({ node, now, leases: [{ listenerId, lease, sequence: message.sequence }] })
      const key = { messageId: message.id, listenerId }
      if (why === 'expiries') this.#model.endHeld(key, { node, lease }, now)
      else this.#model.endDiscarded(key, { node, lease }, now)
    }
  }

  /** Until nothing is left of it but what a living node holds, which is looked at again with the next, two seconds later. */
  async #discard({ queue, listener, status }: Extract<Step, { do: 'discard' }>): Promise<void> {
    const { store, make } = this.#given
    const { id: queueId, organizationId } = picked(this.#queues, queue) ?? {}
    if (queueId === undefined || organizationId === undefined) return
    const own = this.#listeners.filter((it) => it.queueId === queueId)
    const listenerId = listener === null ? null : (picked(own, listener)?.id ?? null)
    this.#given.now += 2_000
    const { now } = this.#given
    const what = { queueId, listenerId, status }
    const rest = { since: null, until: null, contains: null, createdAt: now }
    assert.equal(await store.discards.create({ id: make.id(), organizationId, ...what, ...rest }), 'created')
    const tick = createDiscarder({ store, runtime: { now: () => now }, node: 'upkeep' })
    for (let ticks = 0; (await tick()) > 0; ticks++) assert.ok(ticks < 1_000, 'the discard is never done')
    this.#model.discardMany(what, now)
  }

  async #pause(pick: number, paused: boolean): Promise<void> {
    const queue = picked(this.#queues, pick)
    if (queue === undefined) return
    const { organizationId, id } = queue
    await this.#given.store.queues.update({ organizationId, id, changes: { paused }, now: this.#given.now })
    this.#model.pause(id, paused)
  }

  async #deleteMessage(pick: number): Promise<void> {
    const message = picked(this.#messages, pick)
    if (message === undefined) return
    const answer = await this.#given.store.messages.delete({ ...idsOf(message), now: this.#given.now })
    const waited = this.#model.remove((pair) => pair.messageId === message.id)
    assert.ok(typeof answer === 'object')
    assert.deepEqual(answer.listenerIds.sort(), waited.sort())
    this.#messages = this.#messages.filter((other) => other !== message)
  }

  async #createListener(pick: number): Promise<void> {
    const queue = picked(this.#queues, pick)
    if (queue !== undefined) this.#listeners.push(await storedListener(this.#given, queue))
  }

  async #deleteListener(pick: number): Promise<void> {
    const listener = picked(this.#listeners, pick)
    if (listener === undefined) return
    assert.equal(await this.#given.store.listeners.delete({ ...idsOf(listener), now: this.#given.now }), 'deleted')
    this.#model.discard(listener.id)
    this.#listeners = this.#listeners.filter((other) => other !== listener)
  }

  async #deleteQueue(pick: number): Promise<void> {
    const queue = picked(this.#queues, pick)
    if (queue === undefined) return
    const answer = await this.#given.store.queues.delete({
      organizationId: queue.organizationId,
      id: queue.id,
      now: this.#given.now,
    })
    const gone = this.#listeners.filter((listener) => listener.queueId === queue.id)
    assert.ok(typeof answer === 'object')
    assert.deepEqual(answer.listenerIds.sort(), gone.map((listener) => listener.id).sort())
    this.#model.remove((pair) => pair.queueId === queue.id)
    this.#queues = this.#queues.filter((other) => other !== queue)
    this.#listeners = this.#listeners.filter((listener) => !gone.includes(listener))
    this.#messages = this.#messages.filter((message) => message.queueId !== queue.id)
  }

  /** Every pair stands in the store as in the model, and the counts agree with the pairs. */
  async #compare(): Promise<void> {
    const { store } = this.#given
    const everything = { organizationId: this.#organization.id, only: null }
    const page = { ...everything, queueId: null, before: null, offset: 0, limit: 1_000, full: true }
    const details = await store.messages.list(page)
    assert.deepEqual(details.map(({ message }) => message.id).sort(), this.#messages.map(({ id }) => id).sort())
    for (const { message, deliveries } of details) {
      const pairs = this.#model.of((pair) => pair.messageId === message.id)
      const inStore = deliveries.map(({ listenerId, status, attempts, nextAttemptAt }) =>
        [listenerId, status, attempts, nextAttemptAt].join(' '),
      )
      assert.deepEqual(inStore.sort(), pairs.map(lineOf).sort())
    }
    const newest = this.#messages.at(-1)
    if (newest !== undefined) {
      const found = await store.messages.get(idsOf(newest))
      assert.deepEqual(found?.leftOut, this.#leftOut.get(newest.id))
    }
    for (const queue of await store.queues.list({ ...everything, slice: null })) {
      const pending = this.#model.of((pair) => pair.queueId === queue.id && pair.state === 'pending')
      assert.equal(queue.pendingCount, pending.length)
    }
  }
}

function lineOf(pair: Pair): string {
  return [pair.listenerId, pair.state, pair.attempts, pair.state === 'pending' ? pair.dueAt : null].join(' ')
}

function picked<Item>(items: readonly Item[], pick: number): Item | undefined {
  return items.length === 0 ? undefined : items[pick % items.length]
}
