import { afterAttempt, type LeasedDelivery } from '../../../src/core/delivery/delivery.ts'
import type { DeliverySettings, Listener } from '../../../src/core/delivery/listener.ts'
import { DEFAULT_SETTINGS } from '../../../src/core/delivery/listener.ts'
import type { Message } from '../../../src/core/delivery/message.ts'
import type { LeaseEnd, Receipt } from '../../../src/core/delivery/pull.ts'
import type { Queue } from '../../../src/core/delivery/queue.ts'
import type { LeaseSettlement, Pulled } from '../../../src/store/pulls.ts'
import {
  acceptFor,
  claim,
  commit,
  idsOf,
  settlementOf,
  storedMessage,
  storedOrganization,
  storedQueue,
} from '../fixture.ts'
import type { Given } from '../suite.ts'

/** A step of a walk. Numbers choose among whatever exists when the step is taken. */
export type ListenerStep =
  | { do: 'accept'; delayMs: number; key: string | null; leased: boolean }
  | { do: 'claim'; listener: number; limit: number }
  | { do: 'settle'; tickets: number[]; status: number; durationMs: number }
  | { do: 'pull'; listeners: number[]; limit: number; leaseMs: number; maxBytes: number }
  | { do: 'end leases'; leases: number[]; end: LeaseEnd | { how: 'unseen' } }
  | { do: 'expire'; limit: number }
  | { do: 'redeliver'; message: number; listener: number; immediately: boolean }
  | { do: 'block'; listener: number; onMissed: DeliverySettings['onMissed'] }
  | { do: 'release orders' }
  | { do: 'turn'; listener: number; pulls: boolean }
  | { do: 'delete message'; message: number }
  | { do: 'pass'; ms: number }

const RETRY = { maxAttempts: 2, initialDelayMs: 500, maxDelayMs: 2_000, multiplier: 2 }
const NODE = 'a'

/** Listeners of every kind: sent to and pulling, with no order and with either, and with what is missed in the way. */
const SETTINGS: { pulls: boolean; settings: Partial<DeliverySettings> }[] = [
  { pulls: false, settings: {} },
  { pulls: true, settings: {} },
  { pulls: true, settings: { ordering: 'queue', onMissed: 'block' } },
  { pulls: false, settings: { ordering: 'key', onMissed: 'block' } },
  { pulls: true, settings: { ordering: 'key' } },
]

interface Lease {
  listener: Listener
  receipt: Receipt
}

/**
 * Takes steps in a store that answers for two, and so compares them: what each call answers, and after each step how the
 * listeners stand, with counters and last times. What the steps should do is said elsewhere.
 */
export class ListenersWalk {
  readonly #given: Given
  readonly #queue: Queue
  readonly #listeners: Listener[]
  #messages: Message[] = []
  #tickets: LeasedDelivery[] = []
  #leases: Lease[] = []

  private constructor(given: Given, queue: Queue, listeners: Listener[]) {
    this.#given = { ...given }
    this.#queue = queue
    this.#listeners = listeners
  }

  static async begin(given: Given): Promise<ListenersWalk> {
    const queue = await storedQueue(given, await storedOrganization(given))
    const listeners = SETTINGS.map(({ pulls, settings }) => {
      const urls = pulls ? { notifyUrl: null, livenessUrl: null } : { livenessUrl: null }
      return given.make.listener(queue, { ...urls, settings: { ...DEFAULT_SETTINGS, retry: RETRY, ...settings } })
    })
    for (const listener of listeners) await given.store.listeners.create(listener)
    return new ListenersWalk(given, queue, listeners)
  }

  /** Takes a step, and then looks at the listeners. */
  async take(step: ListenerStep): Promise<void> {
    const { store, now } = this.#given
    // Leases end by what is done, and not because the node was silent.
    await store.deliveries.renew({ node: NODE, until: now + 60_000 })
    await this.#do(step)
    for (const listener of this.#listeners) await store.listeners.get(idsOf(listener))
  }

  /** Lets every lease run out, and looks at everything. */
  async end(): Promise<void> {
    const { store } = this.#given
    await this.take({ do: 'pass', ms: 600_000 })
    await this.take({ do: 'expire', limit: 1_000 })
    const { organizationId, id } = this.#queue
    await store.queues.get({ organizationId, id })
    for (const message of this.#messages) {
      await store.messages.get(idsOf(message))
      await store.messages.attempts(idsOf(message))
    }
    await store.ledger.read({ organizationId, only: null, since: null, until: null, now: this.#given.now })
    await store.deliveries.backlog({ limit: 10 })
  }

  async #do(step: ListenerStep): Promise<void> {
    const { store, now } = this.#given
    switch (step.do) {
      case 'accept':
        return this.#accept(step)
      case 'claim': {
        const { deliveries } = await claim(this.#given, {
          listenerId: this.#listener(step.listener).id,
          limit: step.limit,
        })
        this.#tickets.push(...deliveries)
        return
      }
      case 'settle':
        return this.#settle(step)
      case 'pull':
        return this.#pull(step)
      case 'end leases':
        return this.#endLeases(step)
      case 'expire':
        return void (await store.pulls.expire({ now, limit: step.limit }))
      case 'redeliver':
        return this.#redeliver(step)
      case 'block':
        return this.#change(step.listener, { settings: { onMissed: step.onMissed } })
      case 'release orders':
        return void (await store.orders.release({ limit: 100, now }))
      case 'turn':
        return this.#change(step.listener, { notifyUrl: step.pulls ? null : 'http://127.0.0.1:9/notify' })
      case 'delete message': {
        const message = picked(this.#messages, step.message)
        if (message !== undefined) await store.messages.delete({ ...idsOf(message), now })
        this.#messages = this.#messages.filter((it) => it !== message)
        return
      }
      case 'pass':
        this.#given.now += step.ms
    }
  }

  #listener(number: number): Listener {
    return picked(this.#listeners, number)!
  }

  async #change(number: number, changes: { settings?: Partial<DeliverySettings>; notifyUrl?: string | null }) {
    await this.#given.store.listeners.update({ ...idsOf(this.#listener(number)), changes, now: this.#given.now })
  }

  async #accept({ delayMs, key, leased }: Extract<ListenerStep, { do: 'accept' }>): Promise<void> {
    const { now } = this.#given
    const accept = await acceptFor(this.#given, this.#queue, { createdAt: now, deliverAt: now + delayMs, key })
    for (const delivery of accept.messages[0]!.deliveries) {
      const pulls = this.#listeners.find(({ id }) => id === delivery.listenerId)!.notifyUrl === null
      delivery.leased = leased && delayMs <= 0 && !pulls
    }
    const { accepts } = await commit(this.#given, { node: NODE, accepts: [accept] })
    const { deliveries, ...message } = storedMessage(accept, accepts[0])
    this.#messages.push(message)
    this.#tickets.push(...deliveries)
  }

  async #settle({ tickets, status, durationMs }: Extract<ListenerStep, { do: 'settle' }>): Promise<void> {
    const { now } = this.#given
    const outcome = { startedAt: now - durationMs, durationMs, status, error: null, response: '', directive: null }
    const settlements = tickets.flatMap((number) => {
      const delivery = picked(this.#tickets, number)
      if (delivery === undefined) return []
      const next = afterAttempt(delivery, outcome, { retry: RETRY, now, random: () => 0.5 })
      return [settlementOf(this.#given, delivery, next, { startedAt: outcome.startedAt, durationMs, status })]
    })
    await commit(this.#given, { node: NODE, settlements })
  }

  async #pull({ listeners, limit, leaseMs, maxBytes }: Extract<ListenerStep, { do: 'pull' }>): Promise<void> {
    const { store, now } = this.#given
    // Each once: what the end of a lease makes available to another pull of the same transaction is left to the store.
    const asked = [...new Set(listeners.map((number) => this.#listener(number)))]
    const asks = asked.map(({ id }) => ({ listenerId: id, limit, maxBytes, leaseMs }))
    const pulled: Pulled[] = await store.pulls.pull({ now, asks })
    for (const [index, it] of pulled.entries()) {
      if (it.outcome === 'gone') continue
      for (const { message, leaseUntil, attempt } of it.deliveries) {
        this.#leases.push({ listener: asked[index]!, receipt: { messageId: message.id, leaseUntil, attempt } })
      }
    }
  }

  async #endLeases({ leases, end }: Extract<ListenerStep, { do: 'end leases' }>): Promise<void> {
    const leaseSettlements = leases.flatMap((number): LeaseSettlement[] => {
      const lease = picked(this.#leases, number)
      if (lease === undefined) return []
      return [{ listenerId: lease.listener.id, queueId: this.#queue.id, receipt: lease.receipt, end, random: 0.5 }]
    })
    await commit(this.#given, { node: NODE, leaseSettlements })
  }

  async #redeliver({ message, listener, immediately }: Extract<ListenerStep, { do: 'redeliver' }>): Promise<void> {
    const chosen = picked(this.#messages, message)
    if (chosen === undefined) return
    const listenerIds = [this.#listener(listener).id]
    await this.#given.store.redeliveries.ofMessage({ ...idsOf(chosen), listenerIds, immediately, now: this.#given.now })
  }
}

function picked<Thing>(things: readonly Thing[], number: number): Thing | undefined {
  return things[number % Math.max(1, things.length)]
}
