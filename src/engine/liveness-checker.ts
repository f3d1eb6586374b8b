import { acknowledges, type Outcome } from '../core/attempt.ts'
import { isPushed, type Listener } from '../core/listener.ts'
import { CHECK_TIMEOUT_MS, failureMessage, type LivenessState, nextCheckMs, stateAfter } from '../core/liveness.ts'
import type { Cancel, Runtime } from '../runtime.ts'
import type { Store } from '../store/store.ts'
import { Fifo } from './fifo.ts'
import type { LivenessBook } from './liveness-book.ts'
import type { LivenessRecord } from './liveness-record.ts'
import type { Sender } from './sender.ts'

/** Checks on the wire at once: with every one of them hanging for its 5 s, ten thousand listeners take three minutes. */
const MAX_AT_ONCE = 256
/** A failed delivery brings the next check forward, but never closer than this to the last one. */
const SUSPICION_EVERY_MS = 2_000
/** A listener that is new, changed or down is looked at soon; so soon that nobody waits, and not all at once. */
const SOON_MS = 1_000
const PAGE = 500

interface Deps {
  store: Pick<Store, 'liveness'>
  sender: Pick<Sender, 'send'>
  runtime: Runtime
  book: LivenessBook
  userAgent: string
  /** Told after each check, and where a state is void. */
  onChecked: (listenerId: string, state: LivenessState, isNew: boolean) => void
}

/** A listener that is asked whether it lives. */
interface Checked {
  listenerId: string
  url: string
  record: LivenessRecord
  lastAt: number
  /** The next check stands in line or is on the wire. */
  busy: boolean
  cancel: Cancel | null
  /** The scan that has last seen it. */
  scan: number
}

/** Asks each `livenessUrl` about every half minute, and sooner where something has failed. */
export class LivenessChecker {
  readonly #deps: Deps
  readonly #checked = new Map<string, Checked>()
  readonly #line = new Fifo<Checked>()
  #onTheWire = 0
  #scans = 0
  #stopped = false

  constructor(deps: Deps) {
    this.#deps = deps
  }

  /** Finds all listeners that are to be checked, as the store has them; what it knows already goes on as it was. */
  async scan(): Promise<number> {
    const { store } = this.#deps
    this.#scans += 1
    const scan = this.#scans
    for (let after: string | null = null; !this.#stopped; ) {
      const page = await store.liveness.checked({ after, limit: PAGE })
      for (const { listener, state } of page) this.#see(listener.id, listener.livenessUrl, state, scan)
      if (page.length < PAGE) break
      after = page[page.length - 1]!.listener.id
    }
    // Whoever came while we read has been seen by a later number.
    for (const one of this.#checked.values()) if (one.scan < scan) this.#drop(one)
    return 0
  }

  listenerChanged(listener: Listener): void {
    const { id, livenessUrl } = listener
    if (this.#stopped) return
    if (livenessUrl === null || !isPushed(listener)) this.listenerGone(id)
    else this.#see(id, livenessUrl, null, this.#scans + 1)
  }

  listenerGone(listenerId: string): void {
    const one = this.#checked.get(listenerId)
    if (one !== undefined) this.#drop(one)
  }

  /** A delivery to the listener has failed: it may be away. */
  suspect(listenerId: string): void {
    const one = this.#checked.get(listenerId)
    if (one === undefined || one.busy) return
    const pauseMs = one.lastAt + SUSPICION_EVERY_MS - this.#deps.runtime.now()
    if (pauseMs <= 0) this.#queueUp(one)
    else if (one.record.state === 'stable' || one.record.state === 'unknown') this.#schedule(one, pauseMs)
  }

  /** No check starts after this; those on the wire end with the sender. */
  stop(): void {
    this.#stopped = true
    for (const one of this.#checked.values()) one.cancel?.()
  }

  #see(listenerId: string, url: string, state: LivenessState | null, scan: number): void {
    const known = this.#checked.get(listenerId)
    if (known?.url === url) {
      known.scan = scan
      return
    }
    // Held before the old one lets go, so that it is the same.
    const record = this.#deps.book.hold(listenerId)
    if (known !== undefined) this.#drop(known)
    const one = { listenerId, url, record, lastAt: -Infinity, busy: false, cancel: null, scan }
    this.#checked.set(listenerId, one)
    if (known !== undefined) this.#startOver(one)
    else if (state !== null) this.#recall(one, state)
    const { random } = this.#deps.runtime
    const waits = record.state === 'stable' ? nextCheckMs('stable', random) : SOON_MS
    this.#schedule(one, Math.round(random() * waits))
  }

  /** Another node may have found it down while deliveries go on here. */
  #recall({ listenerId, record }: Checked, state: LivenessState): void {
    record.recall(state)
    if (state !== 'unknown') this.#deps.onChecked(listenerId, state, true)
  }

  /** What the old URL said tells nothing about the new one. */
  #startOver({ listenerId, record }: Checked): void {
    record.failuresInRow = 0
    if (record.become('unknown')) this.#deps.onChecked(listenerId, 'unknown', true)
  }

  #drop(one: Checked): void {
    one.cancel?.()
    if (this.#checked.get(one.listenerId) !== one) return
    this.#checked.delete(one.listenerId)
    this.#deps.book.release(one.record)
  }

  #schedule(one: Checked, delayMs: number): void {
    const { runtime } = this.#deps
    const run = () => this.#queueUp(one)
    one.cancel?.()
    // A doubt is part of what happens; to look again and again is not, and a jump of the clock leaves it out.
    one.cancel = one.record.state === 'unstable' ? runtime.after(delayMs, run) : runtime.upkeep(delayMs, run)
  }

  #queueUp(one: Checked): void {
    one.cancel?.()
    one.cancel = null
    one.busy = true
    this.#line.push(one)
    this.#checkNext()
  }

  #checkNext(): void {
    while (this.#onTheWire < MAX_AT_ONCE && !this.#stopped) {
      const next = this.#line.shift()
      if (next === undefined) return
      if (this.#isCurrent(next)) void this.#check(next)
    }
  }

  async #check(one: Checked): Promise<void> {
    const { sender, runtime, userAgent } = this.#deps
    const startedAt = runtime.now()
    one.lastAt = startedAt
    this.#onTheWire += 1
    const { origin, pathname, search } = new URL(one.url)
    const headers = ['user-agent', userAgent, 'accept', '*/*']
    const target = { method: 'GET', origin, path: pathname + search, headers, body: null } as const
    const outcome = await sender.send({ ...target, timeoutMs: CHECK_TIMEOUT_MS, startedAt })
    this.#onTheWire -= 1
    one.busy = false
    if (outcome !== 'aborted' && this.#isCurrent(one)) this.#judge(one, outcome)
    this.#checkNext()
  }

  #judge({ listenerId, record }: Checked, outcome: Outcome): void {
    const { runtime, onChecked } = this.#deps
    const now = runtime.now()
    if (acknowledges(outcome)) record.succeeded(now)
    else record.failed(now, { status: outcome.status, message: failureMessage(outcome) })
    const isNew = record.become(stateAfter(record.failuresInRow))
    this.#schedule(this.#checked.get(listenerId)!, nextCheckMs(record.state, runtime.random))
    onChecked(listenerId, record.state, isNew)
  }

  /** It may have been dropped, or replaced by one with another URL, while it waited. */
  #isCurrent(one: Checked): boolean {
    return !this.#stopped && this.#checked.get(one.listenerId) === one
  }
}
