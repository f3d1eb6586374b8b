import { FairPlaces } from '../../core/sharing/fair-places.ts'
import { FairQueue } from '../../core/sharing/fair-queue.ts'
import type { Session } from './session.ts'

/** A call that waits for a connection. */
export interface SessionWaiter {
  resolve(session: Session): void
  reject(error: Error): void
  /** It waits no more, but was not served. */
  hasGivenUp: boolean
}

/** All calls of the node itself. */
const NODE = ''

/**
 * Calls that wait for a connection. Organizations take turns, so that a thousand calls of one delay another's by one. The
 * node's own (commits, claims, schedules), which serve all organizations, have every second turn. One that has given
 * up keeps its place until its turn, which bounds how many are in memory.
 */
export class SessionWaiters {
  readonly #most: number
  readonly #places: FairPlaces
  readonly #organizations = new FairQueue<{ owner: string; waiter: SessionWaiter }>()
  readonly #node = new FairQueue<SessionWaiter>()
  #isNodesTurn = true
  #length = 0

  constructor(most: number) {
    this.#most = most
    this.#places = new FairPlaces(most)
  }

  /** Those that have not given up. */
  get length(): number {
    return this.#length
  }

  /** False where too many wait: of the organization, which has half of the places where it is alone, or of the node. */
  add(organizationId: string | null, waiter: SessionWaiter): boolean {
    if (organizationId === null) {
      if (this.#node.length >= this.#most) return false
      this.#node.push(NODE, waiter)
    } else {
      if (!this.#places.take(organizationId)) return false
      this.#organizations.push(organizationId, { owner: organizationId, waiter })
    }
    this.#length += 1
    return true
  }

  giveUp(waiter: SessionWaiter): void {
    waiter.hasGivenUp = true
    this.#length -= 1
  }

  /** The next one that still waits. */
  shift(): SessionWaiter | undefined {
    for (let next = this.#next(); next !== undefined; next = this.#next()) {
      if (next.hasGivenUp) continue
      this.#length -= 1
      return next
    }
    return undefined
  }

  #next(): SessionWaiter | undefined {
    const isNodes = this.#node.length > 0 && (this.#isNodesTurn || this.#organizations.length === 0)
    this.#isNodesTurn = !isNodes
    if (isNodes) return this.#node.shift()
    const next = this.#organizations.shift()
    if (next !== undefined) this.#places.give(next.owner)
    return next?.waiter
  }
}
