import type { LeasedDelivery } from '../../core/delivery/delivery.ts'
import { Fifo } from '../../core/fifo.ts'
import { isExpired } from '../../core/message/expiry.ts'
import type { Cancel, Runtime } from '../../runtime.ts'
import type { Store } from '../../store/store.ts'
import type { ClaimFailures } from './claim-failures.ts'
import { handBack } from './lease-release.ts'
import { DELIVERY_BYTES, type MemoryShare } from './memory-share.ts'

export interface LaneBufferDeps {
  store: Pick<Store, 'deliveries' | 'discards' | 'expiries'>
  memory: MemoryShare
  runtime: Runtime
  node: string
  /** Told of each claim; one that failed is tried again after a second. */
  claims: Pick<ClaimFailures, 'failed' | 'succeeded'>
}

/** Deliveries that a lane holds at most, whether they wait, are being sent or are being settled. */
export const LANE_CAPACITY = 1_000
/** The most that one claim takes: a claim keeps all other writes waiting. */
const CLAIM = 500
/** After a claim that failed. */
const RETRY_CLAIM_MS = 1_000

/**
 * What a lane holds in memory, and how it gets more. It is bounded by number and by bytes; what does not fit stays in the
 * store and is claimed, oldest first, as room appears. Without capacity it holds nothing that is not being sent.
 */
export class LaneBuffer {
  readonly #deps: LaneBufferDeps
  readonly #listenerId: string
  readonly #organizationId: string
  /** Something has come that can be sent. */
  readonly #onCome: () => void
  readonly #queue = new Fifo<LeasedDelivery>()
  #capacity: number
  /** Deliveries in memory, reserved places included. */
  #buffered = 0
  #bufferedBytes = 0
  /** Something due waits in the store, so new messages must not overtake it. */
  #behind = false
  #claiming = false
  /** When to look into the store for what is due later. */
  #wakeAt: number | null = null
  #cancelWake: Cancel | null = null
  readonly #givenUpLater = new Map<LeasedDelivery, Cancel>()
  #closed = false
  #idleSince: number
  readonly #quiet = Promise.withResolvers<void>()

  constructor(
    deps: LaneBufferDeps,
    of: { listenerId: string; organizationId: string; capacity: number },
    onCome: () => void,
  ) {
    this.#deps = deps
    this.#listenerId = of.listenerId
    this.#organizationId = of.organizationId
    this.#capacity = of.capacity
    this.#onCome = onCome
    this.#idleSince = deps.runtime.now()
  }

  /** When there was last anything to do, or null while there is. */
  get idleSince(): number | null {
    return this.#buffered === 0 && !this.#behind && !this.#claiming && this.#wakeAt === null ? this.#idleSince : null
  }

  /** Deliveries that wait for their turn. */
  get length(): number {
    return this.#queue.length
  }

  /** Whether the next one to send must not be sent any more. */
  get isNextExpired(): boolean {
    const next = this.#queue.peek()
    return next !== undefined && next.message.expiresAt !== null && isExpired(next.message, this.#deps.runtime.now())
  }

  /** Other deliveries are due as well, here or in the store. */
  get isCrowded(): boolean {
    return this.#behind || this.#queue.length > 0
  }

  /** Keeps a place for a message that is about to be stored; false where it must wait in the store. */
  reserve(bytes: number): boolean {
    // While the store is asked, what it answers comes first and takes the room.
    if (this.#closed || this.#behind || this.#claiming || this.#buffered >= this.#capacity) return false
    if (
      this.#buffered > 0 &&
      this.#bufferedBytes + bytes + DELIVERY_BYTES > this.#deps.memory.laneBytes(this.#organizationId)
    )
      return false
    this.#hold(bytes)
    return true
  }

  /** Gives a place back: the message was not stored. */
  unreserve(bytes: number): void {
    this.#letGo(bytes)
    this.refill()
  }

  /** Takes a delivery that a place was reserved for. */
  offer(delivery: LeasedDelivery): void {
    if (!this.#closed && this.#capacity > 0) this.#queue.push(delivery)
    else this.#take([delivery])
  }

  /** The next one to send. Its place is kept until it is `done`. */
  shift(): LeasedDelivery | undefined {
    return this.#queue.shift()
  }

  /** Takes out what waits here and has expired; its places are kept until it is ended. */
  removeExpired(now: number): LeasedDelivery[] {
    const hasExpired = ({ message }: LeasedDelivery) => isExpired(message, now)
    return this.#queue.some(hasExpired) ? this.#queue.remove(hasExpired) : []
  }

  /** Takes out all that waits here; its places are kept until it is ended. */
  removeAll(): LeasedDelivery[] {
    return this.#queue.remove(() => true)
  }

  /**
   * Has the store end what has expired, or a discard means, instead of sending it, and give up the leases of the rest. Where
   * that fails, they are given up after a while, and another look finds what is to be ended.
   */
  async end(why: 'expiries' | 'discards', deliveries: readonly LeasedDelivery[]): Promise<void> {
    const { store, node, runtime } = this.#deps
    const leases = deliveries.map(({ listenerId, message, lease }) => ({
      listenerId,
      sequence: message.sequence,
      lease,
    }))
    try {
      await store[why].endLeased({ node, now: runtime.now(), leases })
      for (const delivery of deliveries) this.done(delivery)
      // What is to be sent after all waits in the store now.
      if (why === 'discards') this.waitUntil(runtime.now())
    } catch (error) {
      runtime.log.warn(
        { err: error, listenerId: this.#listenerId },
        'what has expired, or is to be discarded, could not be ended',
      )
      for (const delivery of deliveries) this.giveUpLater(delivery, RETRY_CLAIM_MS)
    }
  }

  /** The delivery is settled, or it is not for us to settle. */
  done(delivery: LeasedDelivery): void {
    this.#letGo(delivery.message.data.length)
    this.refill()
  }

  /** The leases are given up, so that the next node to claim may have the deliveries; resolves when the store knows. */
  async giveUp(deliveries: readonly LeasedDelivery[]): Promise<void> {
    if (deliveries.length === 0) return
    for (const { message } of deliveries) this.#letGo(message.data.length)
    await handBack(this.#deps, deliveries)
    this.waitUntil(this.#deps.runtime.now())
  }

  /**
   * Gives the lease up after a while, for what would only fail again at once; its place in the lane is kept until then.
   */
  giveUpLater(delivery: LeasedDelivery, delayMs: number): void {
    if (this.#closed) {
      this.#letGo(delivery.message.data.length)
      return
    }
    const cancel = this.#deps.runtime.after(delayMs, () => {
      this.#givenUpLater.delete(delivery)
      void this.giveUp([delivery])
    })
    this.#givenUpLater.set(delivery, cancel)
  }

  /** A delivery waits in the store, due at this time. */
  waitUntil(dueAt: number): void {
    if (this.#closed || this.#capacity === 0) return
    const { runtime } = this.#deps
    const now = runtime.now()
    // A wake-up whose time is over, by a clock that was set, keeps no other away.
    if (this.#wakeAt !== null && this.#wakeAt <= dueAt && this.#wakeAt > now) return
    this.#cancelWake?.()
    this.#cancelWake = null
    if (dueAt > now) {
      this.#wakeAt = dueAt
      this.#cancelWake = runtime.at(dueAt, () => this.#wake())
    } else this.#wake()
  }

  /** The message was deleted: what is not on the wire yet will not be sent. */
  forget(messageId: string): void {
    for (const { message } of this.#queue.remove((it) => it.message.id === messageId)) this.#letGo(message.data.length)
    this.refill()
  }

  /**
   * How many may be held from now on. Without any, what waits goes back to the store, and nothing more is asked of it
   * until there is room again.
   */
  set capacity(capacity: number) {
    const before = this.#capacity
    this.#capacity = capacity
    if (capacity > before) this.waitUntil(this.#deps.runtime.now())
    if (capacity > 0) return
    this.#behind = false
    this.#cancelWake?.()
    this.#cancelWake = null
    this.#wakeAt = null
    void this.giveUp(this.#queue.remove(() => true))
  }

  /** Claims from the store once half of the room is free: rarely enough to be cheap, early enough not to run dry. */
  refill(): void {
    if (!this.#behind || this.#claiming || this.#closed || this.#capacity === 0) return
    const { memory, runtime, claims } = this.#deps
    if (
      this.#buffered > 0 &&
      (this.#buffered > this.#capacity / 2 || this.#bufferedBytes > memory.laneBytes(this.#organizationId) / 2)
    )
      return
    this.#claiming = true
    this.#claim().then(
      () => {
        claims.succeeded()
        this.#claimed()
      },
      (error: unknown) => {
        claims.failed(error, this.#listenerId)
        runtime.after(RETRY_CLAIM_MS, () => this.#claimed())
      },
    )
  }

  /** Gives out nothing more. Resolves when all that was given out is done, and no claim is under way. */
  close(): Promise<void> {
    this.#closed = true
    this.#cancelWake?.()
    for (const { message } of this.#queue.remove(() => true)) this.#letGo(message.data.length)
    for (const [{ message }, cancel] of this.#givenUpLater) {
      cancel()
      this.#letGo(message.data.length)
    }
    this.#comeToRest()
    return this.#quiet.promise
  }

  /** Deliveries that have their places: they wait here for their turn, or in the store where nothing is sent. */
  #take(deliveries: LeasedDelivery[]): void {
    if (this.#closed) for (const { message } of deliveries) this.#letGo(message.data.length)
    else if (this.#capacity === 0) void this.giveUp(deliveries)
    else for (const delivery of deliveries) this.#queue.push(delivery)
  }

  #wake(): void {
    this.#wakeAt = null
    this.#cancelWake = null
    this.#behind = true
    this.refill()
  }

  #hold(bytes: number): void {
    if (this.#buffered === 0) this.#deps.memory.enter(this.#organizationId)
    this.#buffered += 1
    this.#bufferedBytes += bytes + DELIVERY_BYTES
  }

  #letGo(bytes: number): void {
    this.#buffered -= 1
    this.#bufferedBytes -= bytes + DELIVERY_BYTES
    if (this.#buffered > 0) return
    this.#deps.memory.leave(this.#organizationId)
    this.#idleSince = this.#deps.runtime.now()
    this.#comeToRest()
  }

  #comeToRest(): void {
    if (this.#closed && this.#buffered === 0 && !this.#claiming) this.#quiet.resolve()
  }

  async #claim(): Promise<void> {
    const { store, node, runtime, memory } = this.#deps
    const [listenerId, now] = [this.#listenerId, runtime.now()]
    const maxBytes = memory.laneBytes(this.#organizationId) - this.#bufferedBytes
    const limit = Math.min(this.#capacity - this.#buffered, CLAIM, Math.max(1, Math.floor(maxBytes / DELIVERY_BYTES)))
    // Cleared first: a message that is stored while we read sets it again.
    this.#behind = false
    const claim = await store.deliveries.claimDue({ node, listenerId, limit, maxBytes, now }).catch((error) => {
      this.#behind = true
      throw error
    })
    for (const { message } of claim.deliveries) this.#hold(message.data.length)
    this.#take(claim.deliveries)
    if (claim.nextDueAt === null || this.#capacity === 0) return
    if (claim.nextDueAt <= now) this.#behind = true
    else this.waitUntil(claim.nextDueAt)
  }

  #claimed(): void {
    this.#claiming = false
    this.#onCome()
    this.refill()
    this.#comeToRest()
  }
}
