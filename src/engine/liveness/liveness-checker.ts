import { acknowledges, type Outcome } from '../../core/delivery/attempt.ts'
import { readableTls, type StoredTls } from '../../core/delivery/credentials/listener-tls.ts'
import { isPushed, type Listener } from '../../core/delivery/listener.ts'
import {
  CHECK_TIMEOUT_MS,
  failureMessage,
  type LivenessState,
  nextCheckMs,
  stateAfter,
} from '../../core/delivery/liveness.ts'
import { FairPlaces } from '../../core/sharing/fair-places.ts'
import { ownerOf } from '../../core/sharing/rendezvous.ts'
import type { SecretBox } from '../../core/tenant/secret-box.ts'
import type { Cancel, Runtime } from '../../runtime.ts'
import type { Store } from '../../store/store.ts'
import { ClientTls } from '../client/client-tls.ts'
import type { Sender } from '../client/sender.ts'
import type { LivenessRecord } from './liveness-record.ts'
import type { LivenessRegistry } from './liveness-registry.ts'

/**
 * Checks on the wire at once, shared by organization: one alone has half of them, and with every one of its checks
 * hanging for 5 s, its ten thousand listeners take three minutes, and keep no other organization's waiting.
 */
const MAX_AT_ONCE = 512
/** A failed delivery brings the next check forward, but never closer than this to the last one. */
const SUSPICION_EVERY_MS = 2_000
/** A listener that is new, changed or down is looked at so soon that its owner need not wait, and not all at once. */
const SOON_MS = 1_000
const PAGE = 500

interface Deps {
  store: Pick<Store, 'liveness'>
  node: string
  sender: Pick<Sender, 'send'>
  runtime: Runtime
  registry: LivenessRegistry
  userAgent: string
  secretBox: SecretBox
  /** Told after each check, and where a state is void. */
  onChecked: (listenerId: string, state: LivenessState, isNew: boolean) => void
}

/** A listener that is asked whether it lives. */
interface Checked {
  listenerId: string
  organizationId: string
  url: string
  /** How TLS is spoken with it. */
  tls: ClientTls | null
  record: LivenessRecord
  lastAt: number
  /** The next check waits for a place or is on the wire. */
  busy: boolean
  /** Begins the next check, where there is a place for it. */
  begin: () => void
  cancel: Cancel | null
  /** The scan that has last seen it. */
  scan: number
  /** It is this node that asks, writes down what it finds, and tells the other nodes. */
  isOurs: boolean
  /**
   * Another node checks it, but this node's deliveries failed: this one asks by itself until it answers, or is down for
   * every node.
   */
  isUncertain: boolean
  /** When another node has last told of it, by the time that passes. */
  toldAt: number
}

/**
 * Asks each `livenessUrl` about every half minute, and sooner where something has failed. Of several nodes one asks
 * each, and the rest go by what it tells; but a node whose own deliveries fail asks by itself until it knows.
 */
export class LivenessChecker {
  readonly #deps: Deps
  readonly #checked = new Map<string, Checked>()
  readonly #places = new FairPlaces(MAX_AT_ONCE)
  #scans = 0
  /** The nodes that share the checks, this one among them; null where there is no other. */
  #nodes: readonly string[] | null = null
  #stopped = false

  constructor(deps: Deps) {
    this.#deps = deps
  }

  /** Finds all listeners that are to be checked, as the store has them; what it knows already goes on as it was. */
  async scan(): Promise<number> {
    const { store } = this.#deps
    this.#scans += 1
    const scan = this.#scans
    await this.share()
    for (let after: string | null = null; !this.#stopped; ) {
      const readAt = this.#deps.runtime.elapsedMs()
      const page = await store.liveness.checked({ after, limit: PAGE })
      for (const { listener, state } of page) {
        this.#see(listener, listener.livenessUrl, { state, scan })
        this.#recallIfOlder(listener.id, state, readAt)
      }
      if (page.length < PAGE) break
      after = page[page.length - 1]!.listener.id
    }
    // A listener that came during the scan has been seen by a later number.
    for (const one of this.#checked.values()) if (one.scan < scan) this.#drop(one)
    return 0
  }

  /** Finds out who else lives, and takes over what is this node's to ask; the answer is 0. */
  async share(): Promise<number> {
    const { store, node, runtime } = this.#deps
    const living = await store.liveness.nodes({ now: runtime.now() })
    const nodes = living === null ? null : [...new Set([...living, node])].sort()
    if (String(nodes) === String(this.#nodes)) return 0
    this.#nodes = nodes
    for (const one of this.#checked.values()) this.#handOver(one)
    return 0
  }

  /** Another node has found the listener in this state. */
  told(listenerId: string, state: LivenessState): void {
    const one = this.#checked.get(listenerId)
    if (one === undefined || this.#stopped) return
    // Whose it was before may tell late.
    if (one.isOurs) return
    one.toldAt = this.#deps.runtime.elapsedMs()
    // That other nodes reach it says nothing where this node's own way there may be cut.
    if (one.isUncertain && state !== 'down') return
    one.isUncertain = false
    if (!one.busy) this.#rest(one)
    if (one.record.state !== state) this.#recall(one, state)
  }

  listenerChanged(listener: Listener): void {
    const { id, livenessUrl } = listener
    if (this.#stopped) return
    if (livenessUrl === null || !isPushed(listener)) this.listenerGone(id)
    else this.#see(listener, livenessUrl, { state: null, scan: this.#scans + 1 })
  }

  listenerGone(listenerId: string): void {
    const one = this.#checked.get(listenerId)
    if (one !== undefined) this.#drop(one)
  }

  /** A delivery to the listener has failed: it may be away. */
  suspect(listenerId: string): void {
    const one = this.#checked.get(listenerId)
    if (one === undefined || one.busy) return
    const now = this.#deps.runtime.now()
    // A clock that was set back has the last check lie ahead.
    one.lastAt = Math.min(one.lastAt, now)
    const pauseMs = one.lastAt + SUSPICION_EVERY_MS - now
    if (pauseMs <= 0) this.#queueUp(one)
    else if (one.record.state === 'stable' || one.record.state === 'unknown') this.#schedule(one, pauseMs)
  }

  /** No check starts after this; those on the wire end with the sender. */
  stop(): void {
    this.#stopped = true
    for (const one of this.#checked.values()) one.cancel?.()
  }

  #see(
    { id: listenerId, organizationId, settings }: Pick<Listener, 'id' | 'organizationId' | 'settings'>,
    url: string,
    { state, scan }: { state: LivenessState | null; scan: number },
  ): void {
    const known = this.#checked.get(listenerId)
    const tls = this.#tlsOf(listenerId, settings.tls)
    if (known?.url === url && known.tls?.id === tls?.id) {
      known.scan = scan
      return
    }
    // Held before the old one lets go, so that it is the same.
    const record = this.#deps.registry.hold(listenerId)
    if (known !== undefined) this.#drop(known)
    const isOurs = this.#isOurs(listenerId)
    const times = { lastAt: -Infinity, toldAt: -Infinity }
    const of = { listenerId, organizationId, url, tls, record }
    const begin = () => this.#begin(one)
    const one: Checked = { ...of, ...times, busy: false, begin, cancel: null, scan, isOurs, isUncertain: false }
    this.#checked.set(listenerId, one)
    if (known !== undefined) this.#startOver(one)
    else if (state !== null) this.#recall(one, state)
    if (isOurs) this.#scheduleSoon(one)
  }

  /** Where this node cannot read the key, it is asked without: a receiver that wants one says so. */
  #tlsOf(listenerId: string, stored: StoredTls | null): ClientTls | null {
    return stored && new ClientTls(readableTls(this.#deps.secretBox, listenerId, stored))
  }

  #isOurs(listenerId: string): boolean {
    return this.#nodes === null || ownerOf(listenerId, this.#nodes) === this.#deps.node
  }

  /** Nodes have come or gone. */
  #handOver(one: Checked): void {
    const isOurs = this.#isOurs(one.listenerId)
    if (isOurs === one.isOurs) return
    one.isOurs = isOurs
    if (one.isUncertain) one.record.announce()
    one.isUncertain = false
    if (one.busy) return
    if (isOurs) this.#scheduleSoon(one)
    else this.#rest(one)
  }

  /** The scan has read what another node has written since; one that we ask, or are in doubt of, we know better. */
  #recallIfOlder(listenerId: string, state: LivenessState, readAt: number): void {
    const one = this.#checked.get(listenerId)
    if (one === undefined || one.isOurs || one.isUncertain || one.busy || one.toldAt >= readAt) return
    if (one.record.state !== state) this.#recall(one, state)
  }

  #scheduleSoon(one: Checked): void {
    const { random } = this.#deps.runtime
    const waits = one.record.state === 'stable' ? nextCheckMs('stable', random) : SOON_MS
    this.#schedule(one, Math.round(random() * waits))
  }

  #rest(one: Checked): void {
    one.cancel?.()
    one.cancel = null
  }

  /** Another node may have found it down while deliveries go on here. */
  #recall({ listenerId, record }: Checked, state: LivenessState): void {
    record.recall(state)
    if (state !== 'unknown') this.#deps.onChecked(listenerId, state, true)
  }

  /** What the old URL said tells nothing about the new one. */
  #startOver({ listenerId, record }: Checked): void {
    record.failuresInRow = 0
    const isNew = this.#isOurs(listenerId) ? record.become('unknown') : record.believe('unknown')
    if (isNew) this.#deps.onChecked(listenerId, 'unknown', true)
  }

  #drop(one: Checked): void {
    one.cancel?.()
    if (this.#checked.get(one.listenerId) !== one) return
    this.#checked.delete(one.listenerId)
    this.#deps.registry.release(one.record)
  }

  #schedule(one: Checked, delayMs: number): void {
    const { runtime } = this.#deps
    const run = () => this.#queueUp(one)
    this.#rest(one)
    // A doubt is part of what happens; to look again and again is not, and a jump of the clock leaves it out.
    one.cancel = one.record.state === 'unstable' ? runtime.after(delayMs, run) : runtime.upkeep(delayMs, run)
  }

  #queueUp(one: Checked): void {
    this.#rest(one)
    one.busy = true
    one.begin()
  }

  /** At once, or when there is a place for the organization. */
  #begin(one: Checked): void {
    if (!this.#isCurrent(one)) return
    if (!this.#places.takeOrWait(one.organizationId, 0, one.begin)) return
    const { runtime } = this.#deps
    const { listenerId, organizationId, record } = one
    this.#check(one)
      .catch((error: unknown) => {
        // An error of this server, which says nothing about the listener.
        runtime.log.error({ err: error, listenerId }, 'a liveness check could not be made')
        one.busy = false
        if (this.#isCurrent(one)) this.#schedule(one, nextCheckMs(record.state, runtime.random))
      })
      .finally(() => this.#places.give(organizationId))
  }

  async #check(one: Checked): Promise<void> {
    const { sender, runtime, userAgent } = this.#deps
    const startedAt = runtime.now()
    one.lastAt = startedAt
    const { origin, pathname, search } = new URL(one.url)
    const { organizationId, tls } = one
    const headers = ['user-agent', userAgent, 'accept', '*/*']
    const target = { method: 'GET', origin, path: pathname + search, headers, body: null, organizationId, tls } as const
    const outcome = await sender.send({ ...target, timeoutMs: CHECK_TIMEOUT_MS, startedAt })
    one.busy = false
    if (outcome !== 'aborted' && this.#isCurrent(one)) {
      // A proxy that fails says nothing of the listener: it is asked again as if it had just been.
      if (outcome.error === 'proxy') this.#schedule(one, nextCheckMs(one.record.state, runtime.random))
      else this.#judge(one, outcome)
    }
  }

  #judge(one: Checked, outcome: Outcome): void {
    const { runtime, onChecked } = this.#deps
    const { listenerId, record } = one
    const now = runtime.now()
    if (acknowledges(outcome)) record.succeeded(now)
    else record.failed(now, { status: outcome.status, message: failureMessage(outcome) })
    const state = stateAfter(record.failuresInRow)
    const isNew = one.isOurs ? record.become(state) : record.believe(state)
    one.isUncertain = !one.isOurs && state !== 'stable'
    if (one.isOurs || one.isUncertain) this.#schedule(one, nextCheckMs(record.state, runtime.random))
    onChecked(listenerId, record.state, isNew)
  }

  /** Whether a check still counts: its listener may have been dropped, or got another URL, while it waited. */
  #isCurrent(one: Checked): boolean {
    return !this.#stopped && this.#checked.get(one.listenerId) === one
  }
}
