import type { Message } from '../../core/delivery/message.ts'
import type { LeaseReference } from '../../store/deliveries.ts'

/** What is told and counted of a message once it is settled, kept with its lease so that it is not read again. */
type LeasedMessage = Pick<Message, 'id' | 'organizationId' | 'queueId' | 'name' | 'deliverAt'>

/** A lease as this process knows it; whether it still counts is what the database says. */
export interface HeldLease {
  number: number
  message: LeasedMessage
  listenerId: string
  sequence: number
  dueAt: number
}

/** The numbers of leases that a statement is about to take. */
export interface Numbers {
  first: number
  /** To be called when the statement has ended, however it did. */
  settle(): void
}

/**
 * What the nodes of this process hold. The database has each lease as well, by node and number; here is what else a
 * settlement needs. A row of ours in the database whose number is not here was taken by a statement of which we never
 * heard whether it was done: it is free, unless the statement may still be under way.
 */
export class Leases {
  readonly #byLane = new Map<string, Map<number, HeldLease>>()
  readonly #inFlight = new Set<number>()
  #lastNumber = 0

  /** Sets numbers aside for a statement. */
  reserve(count: number): Numbers {
    const first = this.#lastNumber + 1
    this.#lastNumber += count
    this.#inFlight.add(first)
    return { first, settle: () => void this.#inFlight.delete(first) }
  }

  /** Rows of ours with this number or a greater one may belong to a statement that is under way. */
  get firstInFlight(): number {
    return this.#inFlight.size === 0 ? this.#lastNumber + 1 : Math.min(...this.#inFlight)
  }

  keep(node: string, held: HeldLease): void {
    const key = keyOf(node, held.listenerId)
    let ofListener = this.#byLane.get(key)
    if (ofListener === undefined) {
      ofListener = new Map()
      this.#byLane.set(key, ofListener)
    }
    // Copied: with the rest of the message, its data would stay in memory.
    const { id, organizationId, queueId, name, deliverAt } = held.message
    ofListener.set(held.sequence, { ...held, message: { id, organizationId, queueId, name, deliverAt } })
  }

  /** The lease, where this node was given it and has not given it up. */
  find(node: string, { listenerId, sequence, lease }: LeaseReference): HeldLease | null {
    const held = this.#byLane.get(keyOf(node, listenerId))?.get(sequence)
    return held?.number === lease ? held : null
  }

  /** The numbers that the node holds of one listener. */
  numbersOf(node: string, listenerId: string): number[] {
    return Array.from(this.#byLane.get(keyOf(node, listenerId))?.values() ?? [], ({ number }) => number)
  }

  /** Whether the node holds the delivery, by whichever lease. */
  holds(node: string, { listenerId, sequence }: { listenerId: string; sequence: number }): boolean {
    return this.#byLane.get(keyOf(node, listenerId))?.has(sequence) === true
  }

  allOf(node: string): HeldLease[] {
    const found: HeldLease[] = []
    for (const [key, held] of this.#byLane) if (key.startsWith(`${node} `)) found.push(...held.values())
    return found
  }

  drop(node: string, { listenerId, sequence, number }: Pick<HeldLease, 'listenerId' | 'sequence' | 'number'>): void {
    const key = keyOf(node, listenerId)
    const held = this.#byLane.get(key)
    if (held?.get(sequence)?.number !== number) return
    held.delete(sequence)
    if (held.size === 0) this.#byLane.delete(key)
  }

  /** Forgets a delivery's lease, whichever lease it is. */
  dropDelivery(listenerId: string, sequence: number): void {
    for (const [key, held] of this.#byLane) if (key.endsWith(` ${listenerId}`)) held.delete(sequence)
  }

  dropListener(listenerId: string): void {
    for (const key of this.#byLane.keys()) if (key.endsWith(` ${listenerId}`)) this.#byLane.delete(key)
  }
}

function keyOf(node: string, listenerId: string): string {
  return `${node} ${listenerId}`
}
