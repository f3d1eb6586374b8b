import type { Outcome } from '../../core/delivery/attempt.ts'
import {
  afterAttempt,
  afterProbe,
  attemptOf,
  holdMs,
  type LeasedDelivery,
  type Next,
  saysGone,
} from '../../core/delivery/delivery.ts'
import { isPushed, type Listener, type Pushed, type RateLimit } from '../../core/delivery/listener.ts'
import type { LivenessState } from '../../core/delivery/liveness.ts'
import type { HoldUp } from '../../core/search/wait-reason.ts'
import type { FairPlaces } from '../../core/sharing/fair-places.ts'
import type { TokenSource } from '../../core/sharing/token-bucket.ts'
import type { SecretBox } from '../../core/tenant/secret-box.ts'
import type { DuePlace } from '../../store/deliveries.ts'
import type { Sender } from '../client/sender.ts'
import type { Committer } from '../commit/committer.ts'
import type { LivenessRecord } from '../liveness/liveness-record.ts'
import type { LivenessRegistry } from '../liveness/liveness-registry.ts'
import type { ContentTypes } from './content-types.ts'
import { deliveryRequest, type Target, targetOf, unsendable, unsigned } from './delivery-request.ts'
import { LANE_CAPACITY, LaneBuffer, type LaneBufferDeps } from './lane-buffer.ts'
import { LaneLimits } from './lane-limits.ts'

export interface LaneDeps extends LaneBufferDeps {
  committer: Pick<Committer, 'settle'>
  sender: Pick<Sender, 'send' | 'dropPool'>
  /** Attempts in flight over all lanes: shared by organization first, then by listener. */
  slots: FairPlaces
  userAgent: string
  secretBox: SecretBox
  /** Whether what is in memory is certainly still this node's: nothing is sent while it is not. */
  leasesHold?: () => boolean
  registry: LivenessRegistry
  contentTypes: ContentTypes
  /** Grants attempts to a listener at a rate; those that nodes of a cluster have for one listener share it. */
  tokensFor: (listenerId: string, limit: RateLimit) => TokenSource
  /** A delivery to a listener with a `livenessUrl` has failed. */
  suspect: (listenerId: string) => void
  /** The listener says that it is gone for good. Resolves once it is disabled, or is another by now. */
  disable: (listener: Pick<Pushed, 'id' | 'notifyUrl'>) => Promise<void>
}

/** An attempt that is on the wire: of which generation of the lane's limits, and whether it tries if the listener lives. */
interface BegunAttempt {
  generation: number
  isProbe: boolean
}

/** Deliveries that are looked at in one step when a listener is back: a few milliseconds' work, for which writes wait. */
const BROUGHT_BACK = 500
/** What cannot be written now, though the store is there, is unlikely to be written a moment later. */
const REFUSED_MS = 30_000
/** How long a lane waits for a proxy that has failed. */
const PROXY_PAUSE_MS = 1_000
const MAX_PROXY_PAUSE_MS = 30_000
const MAX_DOUBLINGS = 5
const ALWAYS = () => true

/**
 * The way to one listener: takes from its buffer what its limits allow, sends it, and has written down what came of it.
 * A lane that is stuck costs other lanes nothing.
 */
export class Lane {
  readonly #deps: LaneDeps
  readonly #buffer: LaneBuffer
  readonly #limits: LaneLimits
  readonly #record: LivenessRecord
  #listener: Listener
  /** Null while nothing is sent to it: it is disabled, or pulls. */
  #target: Target | null
  /** Attempts in flight. */
  #active = 0
  #paused = false
  /** Attempts in a row that the server's proxy made impossible. */
  #proxyFailures = 0
  /** The listener has answered 410, and is about to be disabled. */
  #gone = false
  #closed = false
  readonly #pump = () => this.#sendWhatFits()

  constructor(deps: LaneDeps, listener: Listener) {
    this.#deps = deps
    this.#listener = listener
    this.#target = isPushed(listener) ? targetOf(listener, deps.secretBox) : null
    this.#record = deps.registry.hold(listener.id)
    const recovered = (since: number) => this.#bringBack(since)
    this.#limits = new LaneLimits(listener, { ...deps, record: this.#record, recovered }, () => this.#weigh())
    const ask = { listenerId: listener.id, organizationId: listener.organizationId, capacity: this.#capacity() }
    this.#buffer = new LaneBuffer(deps, ask, this.#pump)
  }

  /** When the lane last had nothing to do and nothing to remember, or null while it has. */
  get idleSince(): number | null {
    return this.#limits.isAtRest ? this.#buffer.idleSince : null
  }

  /** What keeps it from sending more than it does; null where nothing does. */
  get holdUp(): HoldUp | null {
    if (this.#proxyFailures > 0) return 'proxy'
    // What could be sent and was not waits for one of the places that all lanes share.
    return this.#limits.holdUp(this.#active) ?? (this.#buffer.length > 0 ? 'concurrency' : null)
  }

  /** The listener has new settings; they hold from the next attempt on. */
  change(listener: Listener): void {
    const before = this.#listener
    if (listener === before || listener.updatedAt <= before.updatedAt) return
    this.#listener = listener
    this.#retarget()
    this.#limits.change(before, listener)
    this.#weigh()
  }

  /** A check of the listener's `livenessUrl` has ended. */
  checked(state: LivenessState): void {
    this.#limits.checked(state)
  }

  /** Keeps a place for a message that is about to be stored; false where it must wait in the store. */
  reserve(bytes: number): boolean {
    return this.#buffer.reserve(bytes)
  }

  /** Gives a place back: the message was not stored. */
  unreserve(bytes: number): void {
    this.#buffer.unreserve(bytes)
  }

  /** Takes a delivery that a place was reserved for. */
  offer(delivery: LeasedDelivery): void {
    this.#buffer.offer(delivery)
    this.#sendWhatFits()
  }

  /** A delivery waits in the store, due at this time. */
  waitUntil(dueAt: number): void {
    this.#buffer.waitUntil(dueAt)
  }

  /** The message was deleted: what is not on the wire yet will not be sent. */
  forget(messageId: string): void {
    this.#buffer.forget(messageId)
  }

  /** What has expired before it could be sent is not sent. */
  endExpired(): void {
    const expired = this.#buffer.removeExpired(this.#deps.runtime.now())
    if (expired.length > 0) void this.#buffer.end('expiries', expired)
  }

  /** What a discard means of all that could not be sent yet is not sent; the rest is claimed again. */
  endDiscarded(): void {
    const held = this.#buffer.removeAll()
    if (held.length > 0) void this.#buffer.end('discards', held)
  }

  /** Sends nothing more until it is resumed, and holds nothing: what waits in memory goes back to the store. */
  pause(): void {
    this.#paused = true
    this.#weigh()
  }

  /** The store gives out the listener's deliveries again, whatever the lane thought; the next is due then. */
  resume(dueAt: number): void {
    this.#paused = false
    this.#weigh()
    this.waitUntil(dueAt)
  }

  /** Sends nothing more. Resolves when what is on the wire has been answered and settled, and no claim is under way. */
  async close(): Promise<void> {
    this.#closed = true
    this.#limits.close()
    await this.#buffer.close()
  }

  /** The dispatcher needs the lane no more; what it is still handing back finds another. */
  release(): void {
    this.#limits.close()
    void this.#buffer.close()
    this.#deps.registry.release(this.#record)
  }

  /** Connections that went another way than its requests go now are closed: no other lane needs them often. */
  #retarget(): void {
    const [listener, before] = [this.#listener, this.#target]
    this.#target = isPushed(listener) ? targetOf(listener, this.#deps.secretBox) : null
    if (before !== null && before.pool !== this.#target?.pool) this.#deps.sender.dropPool(before.pool)
  }

  #capacity(): number {
    if (this.#paused || this.#gone || this.#target === null || this.#limits.circuit === 'open') return 0
    return this.#limits.circuit === 'closed' ? LANE_CAPACITY : 1
  }

  /** What may be sent has changed. */
  #weigh(): void {
    this.#buffer.capacity = this.#capacity()
    this.#sendWhatFits()
  }

  #sendWhatFits(): void {
    const [buffer, limits, target] = [this.#buffer, this.#limits, this.#target]
    const { leasesHold = ALWAYS } = this.#deps
    while (!this.#closed && target !== null && buffer.length > 0 && leasesHold() && limits.allows(this.#active)) {
      if (buffer.isNextExpired) {
        this.endExpired()
        continue
      }
      if (!this.#deps.slots.takeOrWait(this.#listener.organizationId, this.#active, this.#pump)) break
      const begun = { generation: limits.begin(), isProbe: limits.circuit === 'half-open' }
      this.#active += 1
      this.#deliver(buffer.shift()!, target, begun)
    }
    buffer.refill()
  }

  /** By callbacks, here and below: these promises would be a third of all that a message costs. */
  #deliver(delivery: LeasedDelivery, target: Target, begun: BegunAttempt): void {
    const { sender, runtime, userAgent, contentTypes } = this.#deps
    const to = { listener: this.#listener, target, userAgent, now: runtime.now(), contentTypes }
    try {
      const request = deliveryRequest(delivery, to)
      // Not at once: the caller is still counting what is in flight.
      if (request === null) queueMicrotask(() => this.#attempted(delivery, unsigned(to.now), null))
      else
        sender.send(request).then(
          (outcome) => this.#attempted(delivery, outcome, begun),
          (error: unknown) => this.#broken(delivery, error, { at: to.now, begun }),
        )
    } catch (error) {
      queueMicrotask(() => this.#broken(delivery, error, { at: to.now, begun }))
    }
  }

  /** An error of this server: it counts as an attempt that failed, or one message could hold the lane for ever. */
  #broken(delivery: LeasedDelivery, error: unknown, { at, begun }: { at: number; begun: BegunAttempt }): void {
    const { listenerId, message } = delivery
    this.#deps.runtime.log.error({ err: error, listenerId, messageId: message.id }, 'a delivery could not be sent')
    this.#attempted(delivery, unsendable(at), begun)
  }

  /** `begun`: null where nothing was sent. */
  #attempted(delivery: LeasedDelivery, outcome: Outcome | 'aborted', begun: BegunAttempt | null): void {
    const { slots, runtime } = this.#deps
    this.#active -= 1
    if (outcome === 'aborted') {
      slots.give(this.#listener.organizationId)
      this.#buffer.done(delivery)
      return
    }
    if (outcome.error === 'proxy') {
      this.#held(delivery)
      return
    }
    this.#proxyFailures = 0
    const crowded = this.#buffer.isCrowded
    const by = { retry: this.#listener.settings.retry, now: runtime.now(), random: runtime.random, crowded }
    const isProbe = begun?.isProbe && this.#limits.circuit !== 'closed'
    const next = isProbe ? afterProbe(delivery, outcome, by) : afterAttempt(delivery, outcome, by)
    if (begun !== null) this.#judge(delivery, outcome, { next, generation: begun.generation, crowded })
    // Judged first: what it frees may be taken at once, by this lane too.
    slots.give(this.#listener.organizationId)
    this.#sendWhatFits()
    this.#settle(delivery, attemptOf(delivery, outcome), next)
  }

  /**
   * The server's proxy failed, which says nothing of the listener: the delivery goes back as it was, and the lane waits, longer
   * each time, before one alone is tried again.
   */
  #held(delivery: LeasedDelivery): void {
    const { slots, runtime } = this.#deps
    const pauseMs = Math.min(PROXY_PAUSE_MS * 2 ** this.#proxyFailures, MAX_PROXY_PAUSE_MS) * (1 + runtime.random() / 4)
    this.#proxyFailures = Math.min(this.#proxyFailures + 1, MAX_DOUBLINGS)
    this.#limits.hold(Math.round(pauseMs))
    slots.give(this.#listener.organizationId)
    if (this.#closed) this.#buffer.done(delivery)
    else void this.#buffer.giveUp([delivery])
  }

  #judge(
    { dueAt }: LeasedDelivery,
    outcome: Outcome,
    { next, generation, crowded }: { next: Next; generation: number; crowded: boolean },
  ): void {
    const overdueMs = next.state === 'missed' ? outcome.startedAt - dueAt : 0
    if (next.state === 'acknowledged') this.#limits.succeeded(generation)
    else this.#heed(outcome, { generation, overdueMs, crowded })
  }

  /** The listener is back: what waits because it was away waits no longer. */
  #bringBack(since: number): void {
    const { store, runtime } = this.#deps
    const { id: listenerId, settings } = this.#listener
    const step = async (after: DuePlace | null): Promise<void> => {
      const ask = { listenerId, since, retry: settings.retry, now: runtime.now(), limit: BROUGHT_BACK, after }
      const { moved, after: next } = await store.deliveries.bringBack(ask)
      if (moved > 0) this.waitUntil(runtime.now())
      if (next !== null && !this.#closed) await step(next)
    }
    step(null).catch((error: unknown) => {
      runtime.log.warn({ err: error, listenerId }, 'what has waited for a listener that is back keeps its times')
    })
  }

  /** What a failure says about the listener as a whole. */
  #heed(outcome: Outcome, attempt: Parameters<LaneLimits['failed']>[1]): void {
    const pauseMs = holdMs(outcome)
    this.#limits.failed(outcome, attempt)
    if (pauseMs !== null) this.#limits.hold(pauseMs)
    if (this.#listener.livenessUrl !== null) this.#deps.suspect(this.#listener.id)
    const listener = this.#listener
    if (!saysGone(outcome) || this.#gone || this.#closed || !isPushed(listener)) return
    this.#gone = true
    this.#weigh()
    // Where the listener has another URL by now, it is not the one that answered 410.
    void this.#deps.disable(listener).finally(() => {
      this.#gone = false
      this.#weigh()
    })
  }

  #settle(delivery: LeasedDelivery, attempt: ReturnType<typeof attemptOf>, next: Next): void {
    const { message, listenerId, dueAt, lease, firstSentAt, attemptsBefore } = delivery
    const reference = { listenerId, dueAt, lease, firstSentAt, attemptsBefore, sequence: message.sequence }
    this.#deps.committer.settle(
      { delivery: reference, attempt, next },
      (result) => {
        if (typeof result === 'object') this.waitUntil(result.nextDueAt)
        else if (result === 'settled' && next.state === 'pending') this.waitUntil(next.dueAt)
        this.#buffer.done(delivery)
      },
      (error) => {
        this.#deps.runtime.log.error({ err: error, listenerId, messageId: message.id }, 'a settlement was refused')
        // It is not known to have happened, so it will be sent again; not at once, or it would be without end.
        this.#buffer.giveUpLater(delivery, REFUSED_MS)
      },
    )
  }
}
