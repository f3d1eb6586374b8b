import type { Message } from '../../core/delivery/message.ts'
import type { LeaseReference } from '../../store/deliveries.ts'

/** What is told and counted of a message once it is settled, kept with its lease so that it is not read again. */
export type LeasedMessage = Pick<Message, 'id' | 'organizationId' | 'queueId' | 'name' | 'deliverAt'>

export interface Lease {
  readonly node: string
  readonly message: LeasedMessage
  readonly number: number
  /** The transaction that settles the delivery; another settlement of it in the same one has lost. */
  settledIn: number
  /** The delivery has no row: the lease and its message are all that there is of it. */
  rowless: boolean
}

/** A leased delivery that has no row. */
interface RowlessLease {
  listenerId: string
  sequence: number
  dueAt: number
  settledIn: number
  /** To be called once its row is written. */
  hasRow(): void
}

/**
 * Which node holds which delivery. It is kept in memory only: the database belongs to this process alone, so whatever
 * it had leased is free the moment that it dies, and nothing has to be reclaimed at the next start.
 */
export class Leases {
  readonly #byListener = new Map<string, Map<number, Lease>>()
  readonly #aliveUntil = new Map<string, number>()
  #lastNumber = 0
  #rowless = 0
  /** The nodes that have taken leases of deliveries without a row; mostly the one that there is. */
  readonly #rowlessBy = new Set<string>()

  take(node: string, listenerId: string, sequence: number, message: LeasedMessage, rowless = false): number {
    const ofListener = this.#byListener.get(listenerId) ?? new Map<number, Lease>()
    if (ofListener.size === 0) this.#byListener.set(listenerId, ofListener)
    this.#lastNumber += 1
    // Copied: with the rest of the message, its data would stay in memory.
    const { id, organizationId, queueId, name, deliverAt } = message
    const kept = { id, organizationId, queueId, name, deliverAt }
    ofListener.set(sequence, { node, message: kept, number: this.#lastNumber, settledIn: 0, rowless })
    if (rowless) {
      this.#rowless += 1
      this.#rowlessBy.add(node)
    }
    return this.#lastNumber
  }

  /** How many deliveries have no row. */
  get rowless(): number {
    return this.#rowless
  }

  isRowless(listenerId: string, sequence: number): boolean {
    return this.#byListener.get(listenerId)?.get(sequence)?.rowless ?? false
  }

  /** Whether a node that is dead holds a delivery without a row. */
  hasAbandoned(now: number): boolean {
    if (this.#rowless === 0) return false
    for (const node of this.#rowlessBy) if ((this.#aliveUntil.get(node) ?? 0) <= now) return true
    return false
  }

  /** Leases of deliveries without a row, in no order. Leases must not be taken or given up meanwhile. */
  *rowlessLeases(): Iterable<RowlessLease> {
    for (const [listenerId, ofListener] of this.#byListener) {
      for (const [sequence, lease] of ofListener) {
        if (!lease.rowless) continue
        const { settledIn, message } = lease
        yield { listenerId, sequence, dueAt: message.deliverAt, settledIn, hasRow: () => this.#hasRow(lease) }
      }
    }
  }

  #hasRow(lease: Lease): void {
    if (!lease.rowless) return
    lease.rowless = false
    this.#rowless -= 1
    if (this.#rowless === 0) this.#rowlessBy.clear()
  }

  /** The lease, where it is still this holder's, and once in each transaction; else null. */
  settle(node: string, listenerId: string, sequence: number, number: number, transaction: number): Lease | null {
    const lease = this.#byListener.get(listenerId)?.get(sequence)
    if (lease === undefined || lease.number !== number || lease.node !== node) return null
    if (lease.settledIn === transaction) return null
    lease.settledIn = transaction
    return lease
  }

  /** Whether `node` must leave the delivery alone: it holds it already, or another node does that lives. */
  bars(node: string, listenerId: string, sequence: number, now: number): boolean {
    const lease = this.#byListener.get(listenerId)?.get(sequence)
    if (lease === undefined) return false
    // A node that was asleep for longer than its leases may still be sending what it held.
    return lease.node === node || (this.#aliveUntil.get(lease.node) ?? 0) > now
  }

  /** Whether the lease is this holder's, and no other was given since. */
  holds(node: string, { listenerId, sequence, lease }: LeaseReference): boolean {
    const found = this.#byListener.get(listenerId)?.get(sequence)
    return found?.node === node && found.number === lease
  }

  /** Whether any living node holds the delivery. */
  isLeased(listenerId: string, sequence: number, now: number): boolean {
    const lease = this.#byListener.get(listenerId)?.get(sequence)
    return lease !== undefined && (this.#aliveUntil.get(lease.node) ?? 0) > now
  }

  /** Gives up what a transaction has settled. */
  dropSettled(listenerId: string, sequence: number, transaction: number): void {
    if (this.#byListener.get(listenerId)?.get(sequence)?.settledIn === transaction) this.drop(listenerId, sequence)
  }

  drop(listenerId: string, sequence: number): void {
    const ofListener = this.#byListener.get(listenerId)
    const lease = ofListener?.get(sequence)
    if (ofListener === undefined || lease === undefined) return
    this.#hasRow(lease)
    ofListener.delete(sequence)
    if (ofListener.size === 0) this.#byListener.delete(listenerId)
  }

  /** Gives up one lease, where it is still this holder's. */
  handBack(node: string, { listenerId, sequence, lease }: LeaseReference): void {
    const found = this.#byListener.get(listenerId)?.get(sequence)
    if (found?.node === node && found.number === lease) this.drop(listenerId, sequence)
  }

  dropListener(listenerId: string): void {
    for (const lease of this.#byListener.get(listenerId)?.values() ?? []) this.#hasRow(lease)
    this.#byListener.delete(listenerId)
  }

  renew(node: string, until: number): void {
    this.#aliveUntil.set(node, until)
  }

  release(node: string): void {
    this.#aliveUntil.delete(node)
    for (const [listenerId, ofListener] of this.#byListener) {
      // What has no row is found by its lease alone, until its row is written.
      for (const [sequence, lease] of ofListener) {
        if (lease.node === node && !lease.rowless) this.drop(listenerId, sequence)
      }
    }
  }
}
