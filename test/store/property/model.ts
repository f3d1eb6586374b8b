import assert from 'node:assert/strict'
import { type Discardable, discards, standingOfWaiting } from '../../../src/core/message/discard.ts'

/** How a pair of message and listener stands; that of a deleted message is gone from the model. */
export type Pair = {
  messageId: string
  listenerId: string
  queueId: string
  attempts: number
  /** Null: never. */
  expiresAt: number | null
} & (
  | { state: 'pending'; dueAt: number; holder: Holder | null }
  | { state: 'delivered' | 'missed' | 'expired' | 'discarded' }
)

export interface Holder {
  node: string
  lease: number
}

/** A discard of many messages that is under way. */
export interface ManyDiscarded {
  queueId: string
  listenerId: string | null
  status: Discardable | null
}

type PendingPair = Extract<Pair, { state: 'pending' }>

/** The least that a store can be: what it must answer, without any of the ways to do it fast. */
export class Model {
  readonly pairs = new Map<string, Pair>()
  readonly #livesUntil = new Map<string, number>()
  readonly #paused = new Set<string>()
  /** When each message is due. */
  readonly #deliverAt = new Map<string, number>()
  /** Messages of which something was on its way when a discard looked at them. */
  #leftovers: { what: ManyDiscarded; messageId: string }[] = []

  accept(what: Pick<PendingPair, 'messageId' | 'listenerId' | 'queueId' | 'dueAt' | 'holder' | 'expiresAt'>): void {
    this.pairs.set(keyOf(what), { ...what, state: 'pending', attempts: 0 })
    this.#deliverAt.set(what.messageId, what.dueAt)
  }

  /** What `node` may claim for the listener, due or not, the first due first. */
  free(node: string, listenerId: string, now: number): PendingPair[] {
    const mayTake = (holder: Holder | null) =>
      holder === null || (holder.node !== node && (this.#livesUntil.get(holder.node) ?? 0) <= now)
    return [...this.pairs.values()]
      .filter((pair) => pair.state === 'pending')
      .filter((pair) => pair.listenerId === listenerId && mayTake(pair.holder) && !this.#paused.has(pair.queueId))
      .sort((a, b) => a.dueAt - b.dueAt)
  }

  take(key: { messageId: string; listenerId: string }, holder: Holder): PendingPair {
    const pair = this.pairs.get(keyOf(key))
    assert.ok(pair?.state === 'pending', 'claimed what is not pending')
    pair.holder = holder
    return pair
  }

  holds(key: { messageId: string; listenerId: string }, holder: Holder): boolean {
    const pair = this.pairs.get(keyOf(key))
    if (pair?.state !== 'pending' || pair.holder === null) return false
    return pair.holder.node === holder.node && pair.holder.lease === holder.lease
  }

  settle(key: { messageId: string; listenerId: string }, next: { state: Pair['state'] } | { dueAt: number }): void {
    const { messageId, listenerId, queueId, attempts, expiresAt } = this.pairs.get(keyOf(key))!
    const pair = { messageId, listenerId, queueId, attempts: attempts + 1, expiresAt }
    if ('dueAt' in next) this.pairs.set(keyOf(key), { ...pair, state: 'pending', dueAt: next.dueAt, holder: null })
    else if (next.state !== 'pending') this.pairs.set(keyOf(key), { ...pair, state: next.state })
  }

  renew(node: string, until: number): void {
    this.#livesUntil.set(node, until)
  }

  release(node: string): void {
    this.#livesUntil.delete(node)
    for (const pair of this.pairs.values()) {
      if (pair.state === 'pending' && pair.holder?.node === node) pair.holder = null
    }
  }

  handBack(key: { messageId: string; listenerId: string }, holder: Holder): void {
    const pair = this.pairs.get(keyOf(key))
    if (pair?.state === 'pending' && this.holds(key, holder)) pair.holder = null
  }

  /** What is over is discarded where no living node holds it. */
  expire(now: number): void {
    for (const pair of this.pairs.values()) {
      if (pair.state !== 'pending' || pair.expiresAt === null || pair.expiresAt > now) continue
      if (pair.holder === null || (this.#livesUntil.get(pair.holder.node) ?? 0) <= now) this.#end(pair)
    }
  }

  /** The holder gives the pair up, and it ends where it is over. */
  endHeld(key: { messageId: string; listenerId: string }, holder: Holder, now: number): void {
    const pair = this.pairs.get(keyOf(key))
    if (pair?.state !== 'pending' || !this.holds(key, holder)) return
    if (pair.expiresAt !== null && pair.expiresAt <= now) this.#end(pair)
    else pair.holder = null
  }

  #end(
    { messageId, listenerId, queueId, attempts, expiresAt }: Pair,
    state: 'expired' | 'discarded' = 'expired',
  ): void {
    const pair = { messageId, listenerId, queueId, attempts, expiresAt, state }
    this.pairs.set(keyOf(pair), pair)
  }

  /** What it means, and no living node holds, is ended; so is what discards before it have left. */
  discardMany(what: ManyDiscarded, now: number): void {
    const all = this.of((pair) => pair.queueId === what.queueId).map(({ messageId }) => ({ what, messageId }))
    const looked = [...this.#leftovers, ...all]
    this.#leftovers = looked.filter((it, index) => {
      const isFirst = looked.findIndex((other) => other.what === it.what && other.messageId === it.messageId) === index
      return isFirst && this.#discardOf(it, now)
    })
  }

  /** Whether anything that is meant is on its way. */
  #discardOf({ what, messageId }: { what: ManyDiscarded; messageId: string }, now: number): boolean {
    let isLeft = false
    for (const pair of this.of((it) => it.messageId === messageId)) {
      if (what.listenerId !== null && what.listenerId !== pair.listenerId) continue
      if (pair.state === 'missed' && discards(what.status, 'missed')) this.#end(pair, 'discarded')
      if (pair.state !== 'pending' || !this.#isMeant(what, pair, now)) continue
      if (pair.holder !== null && (this.#livesUntil.get(pair.holder.node) ?? 0) > now) isLeft = true
      else this.#end(pair, 'discarded')
    }
    return isLeft
  }

  #isMeant({ status }: ManyDiscarded, { messageId, attempts }: Pair, now: number): boolean {
    return discards(status, standingOfWaiting({ deliverAt: this.#deliverAt.get(messageId)!, attempts }, now))
  }

  /** The holder gives the pair up, and it ends where a discard means it. */
  endDiscarded(key: { messageId: string; listenerId: string }, holder: Holder, now: number): void {
    const pair = this.pairs.get(keyOf(key))
    if (pair?.state !== 'pending' || !this.holds(key, holder)) return
    const isMeant = this.#leftovers.some(({ what, messageId }) => {
      const isFor = what.listenerId === null || what.listenerId === pair.listenerId
      return messageId === pair.messageId && isFor && this.#isMeant(what, pair, now)
    })
    if (isMeant) this.#end(pair, 'discarded')
    else pair.holder = null
  }

  pause(queueId: string, paused: boolean): void {
    if (paused) this.#paused.add(queueId)
    else this.#paused.delete(queueId)
  }

  /** Forgets every pair that fits; answers with the listeners that still waited for one of them. */
  remove(fits: (pair: Pair) => boolean): string[] {
    const gone = [...this.pairs.values()].filter(fits)
    for (const pair of gone) this.pairs.delete(keyOf(pair))
    return gone.filter((pair) => pair.state === 'pending').map((pair) => pair.listenerId)
  }

  /** The listener is deleted: it gets nothing more, and keeps what it had. */
  discard(listener: string): void {
    for (const { state, ...rest } of this.of((pair) => pair.listenerId === listener)) {
      if (state === 'delivered' || state === 'expired') continue
      const { messageId, listenerId, queueId, attempts, expiresAt } = rest
      const pair = { messageId, listenerId, queueId, attempts, expiresAt, state: 'discarded' as const }
      this.pairs.set(keyOf(pair), pair)
    }
  }

  of(fits: (pair: Pair) => boolean): Pair[] {
    return [...this.pairs.values()].filter(fits)
  }
}

function keyOf({ messageId, listenerId }: { messageId: string; listenerId: string }): string {
  return `${messageId} ${listenerId}`
}
