import { afterAttempt, attemptOf, type LeasedDelivery, type Next } from '../core/delivery.ts'
import { isPushed, type Listener } from '../core/listener.ts'
import type { SecretBox } from '../core/secret-box.ts'
import type { Cancel, Runtime } from '../runtime.ts'
import type { Store } from '../store/store.ts'
import type { Committer } from './committer.ts'
import { deliveryRequest, type Target, targetOf, unsigned } from './delivery-request.ts'
import { Fifo } from './fifo.ts'
import { handBack } from './hand-back.ts'
import type { MemoryShare } from './memory-share.ts'
import type { SendSlots } from './send-slots.ts'
import type { Sender } from './sender.ts'

export interface LaneDeps {
  store: Pick<Store, 'deliveries'>
  committer: Pick<Committer, 'settle'>
  sender: Pick<Sender, 'send'>
  slots: SendSlots
  memory: MemoryShare
  runtime: Runtime
  node: string
  userAgent: string
  secretBox: SecretBox
}

/** Deliveries that a lane holds at most, whether they wait, are being sent or are being settled. */
export const LANE_CAPACITY = 1_000
/** The most that one claim takes: a claim keeps everybody else's writes waiting. */
const CLAIM = 500
/** After a claim that failed. */
const RETRY_CLAIM_MS = 1_000

/**
 * The way to one listener. It holds a bounded number of deliveries in memory; what does not fit stays in the store
 * and is claimed, oldest first, as room appears. A lane that is stuck costs nothing to the others.
 */
export class Lane {
  readonly #deps: LaneDeps
  #listener: Listener
  /** Null while nothing is sent to it: it is disabled, or pulls. */
  #target: Target | null
  readonly #queue = new Fifo<LeasedDelivery>()
  /** Attempts in flight. */
  #active = 0
  /** Deliveries in memory, reserved places included. */
  #held = 0
  #heldBytes = 0
  /** Something due waits in the store, so new messages must not overtake it. */
  #behind = false
  #claiming = false
  /** When to look into the store for what is due later. */
  #wakeAt: number | null = null
  #cancelWake: Cancel | null = null
  #closed = false
  #paused = false
  #idleSince: number
  readonly #quiet = Promise.withResolvers<void>()
  readonly #pump = () => this.#sendWhatFits()

  constructor(deps: LaneDeps, listener: Listener) {
    this.#deps = deps
    this.#listener = listener
    this.#target = isPushed(listener) ? targetOf(listener, deps.secretBox) : null
    this.#idleSince = deps.runtime.now()
  }

  /** When the lane last had nothing to do, or null while it has. */
  get idleSince(): number | null {
    return this.#held === 0 && !this.#behind && !this.#claiming && this.#wakeAt === null ? this.#idleSince : null
  }

  /** The listener has new settings; they hold from the next attempt on. */
  change(listener: Listener): void {
    if (listener === this.#listener || listener.updatedAt <= this.#listener.updatedAt) return
    this.#listener = listener
    const waited = this.#target === null
    this.#target = isPushed(listener) ? targetOf(listener, this.#deps.secretBox) : null
    if (this.#target === null) this.#stand()
    else if (waited) this.waitUntil(this.#deps.runtime.now())
    this.#sendWhatFits()
  }

  /** Everything waits in the store, whatever is due. */
  get #stands(): boolean {
    return this.#paused || this.#target === null
  }

  /** Keeps a place for a message that is about to be stored; false where it must wait in the store. */
  reserve(bytes: number): boolean {
    // While the store is asked, what it answers comes first and takes the room.
    if (this.#closed || this.#stands || this.#behind || this.#claiming || this.#room() <= 0) return false
    if (this.#held > 0 && this.#heldBytes + bytes > this.#deps.memory.laneBytes) return false
    this.#hold(bytes)
    return true
  }

  /** Gives a place back: the message was not stored. */
  unreserve(bytes: number): void {
    this.#letGo(bytes)
    this.#refill()
  }

  /** Takes a delivery that a place was reserved for. */
  offer(delivery: LeasedDelivery): void {
    this.#take([delivery])
    this.#sendWhatFits()
  }

  /** A delivery waits in the store, due at this time. */
  waitUntil(dueAt: number): void {
    if (this.#closed || this.#stands || (this.#wakeAt !== null && this.#wakeAt <= dueAt)) return
    const { runtime } = this.#deps
    this.#cancelWake?.()
    this.#cancelWake = null
    const delayMs = dueAt - runtime.now()
    if (delayMs > 0) {
      this.#wakeAt = dueAt
      this.#cancelWake = runtime.after(delayMs, () => this.#wake())
    } else this.#wake()
  }

  /** The message was deleted: what is not on the wire yet will not be sent. */
  forget(messageId: string): void {
    for (const { message } of this.#queue.remove((it) => it.message.id === messageId)) this.#letGo(message.data.length)
    this.#refill()
  }

  /** Sends nothing more until it is resumed, and holds nothing: what waits in memory goes back to the store. */
  pause(): void {
    this.#paused = true
    this.#stand()
  }

  #stand(): void {
    this.#behind = false
    this.#cancelWake?.()
    this.#cancelWake = null
    this.#wakeAt = null
    this.#giveUp(this.#queue.remove(() => true))
  }

  /** The store gives the listener's deliveries to whoever asks, whatever the lane thought; the next is due then. */
  resume(dueAt: number): void {
    this.#paused = false
    this.waitUntil(dueAt)
  }

  /** Sends nothing more. Resolves when what is on the wire has been answered and settled, and no claim is under way. */
  close(): Promise<void> {
    this.#closed = true
    this.#cancelWake?.()
    for (const { message } of this.#queue.remove(() => true)) this.#letGo(message.data.length)
    this.#comeToRest()
    return this.#quiet.promise
  }

  /** Deliveries that have their places: they wait here for their turn, or in the store where nothing is sent. */
  #take(deliveries: LeasedDelivery[]): void {
    if (this.#stands && !this.#closed) this.#giveUp(deliveries)
    else if (this.#closed) for (const { message } of deliveries) this.#letGo(message.data.length)
    else for (const delivery of deliveries) this.#queue.push(delivery)
  }

  #giveUp(deliveries: LeasedDelivery[]): void {
    if (deliveries.length === 0) return
    for (const { message } of deliveries) this.#letGo(message.data.length)
    // The pause may be over before the store has them again.
    void handBack(this.#deps, deliveries).then(() => this.waitUntil(this.#deps.runtime.now()))
  }

  #wake(): void {
    this.#wakeAt = null
    this.#cancelWake = null
    this.#behind = true
    this.#refill()
  }

  #room(): number {
    return LANE_CAPACITY - this.#held
  }

  #hold(bytes: number): void {
    if (this.#held === 0) this.#deps.memory.enter()
    this.#held += 1
    this.#heldBytes += bytes
  }

  #letGo(bytes: number): void {
    this.#held -= 1
    this.#heldBytes -= bytes
    if (this.#held > 0) return
    this.#deps.memory.leave()
    this.#idleSince = this.#deps.runtime.now()
    this.#comeToRest()
  }

  #comeToRest(): void {
    if (this.#closed && this.#held === 0 && !this.#claiming) this.#quiet.resolve()
  }

  /** Claims from the store once half of the lane is free: rarely enough to be cheap, early enough not to run dry. */
  #refill(): void {
    if (!this.#behind || this.#claiming || this.#closed || this.#stands) return
    const maxBytes = this.#deps.memory.laneBytes - this.#heldBytes
    if (this.#held > 0 && (this.#held > LANE_CAPACITY / 2 || this.#heldBytes > this.#deps.memory.laneBytes / 2)) return
    this.#claiming = true
    this.#claim(Math.min(this.#room(), CLAIM), maxBytes).then(
      () => this.#claimed(),
      (error: unknown) => {
        const { runtime } = this.#deps
        runtime.log.error({ err: error, listenerId: this.#listener.id }, 'a claim failed')
        runtime.after(RETRY_CLAIM_MS, () => this.#claimed())
      },
    )
  }

  #claimed(): void {
    this.#claiming = false
    this.#sendWhatFits()
    this.#comeToRest()
  }

  async #claim(limit: number, maxBytes: number): Promise<void> {
    const { store, node, runtime } = this.#deps
    const listenerId = this.#listener.id
    const now = runtime.now()
    // Cleared first: a message that is stored while we read sets it again.
    this.#behind = false
    const claim = await store.deliveries.claimDue({ node, listenerId, limit, maxBytes, now }).catch((error) => {
      this.#behind = true
      throw error
    })
    for (const { message } of claim.deliveries) this.#hold(message.data.length)
    this.#take(claim.deliveries)
    if (claim.nextDueAt === null || this.#stands) return
    if (claim.nextDueAt <= now) this.#behind = true
    else this.waitUntil(claim.nextDueAt)
  }

  #sendWhatFits(): void {
    const target = this.#target
    while (
      !this.#closed &&
      target !== null &&
      this.#queue.length > 0 &&
      this.#active < this.#listener.settings.maxConcurrency
    ) {
      if (!this.#deps.slots.take(this.#active, this.#pump)) break
      this.#active += 1
      void this.#deliver(this.#queue.shift()!, target)
    }
    this.#refill()
  }

  async #deliver(delivery: LeasedDelivery, target: Target): Promise<void> {
    const { sender, slots, runtime, userAgent } = this.#deps
    const to = { listener: this.#listener, target, userAgent, now: runtime.now() }
    const request = deliveryRequest(delivery, to)
    const outcome = request === null ? unsigned(to.now) : await sender.send(request)
    this.#active -= 1
    slots.give()
    this.#sendWhatFits()
    if (outcome !== 'aborted') {
      const by = { retry: this.#listener.settings.retry, now: runtime.now(), random: runtime.random }
      await this.#settle(delivery, attemptOf(delivery, outcome), afterAttempt(delivery, outcome, by))
    }
    this.#letGo(delivery.message.data.length)
    this.#refill()
  }

  async #settle(delivery: LeasedDelivery, attempt: ReturnType<typeof attemptOf>, next: Next): Promise<void> {
    const { message, listenerId, dueAt, lease, firstSentAt, attemptsBefore } = delivery
    try {
      const reference = { listenerId, dueAt, lease, firstSentAt, attemptsBefore, sequence: message.sequence }
      const result = await this.#deps.committer.settle({ delivery: reference, attempt, next })
      if (typeof result === 'object') this.waitUntil(result.nextDueAt)
      else if (result === 'settled' && next.state === 'pending') this.waitUntil(next.dueAt)
    } catch (error) {
      this.#deps.runtime.log.error({ err: error, listenerId, messageId: message.id }, 'a settlement was refused')
    }
  }
}
