import type { Tally, UnaccountedPair } from '../core/delivery/ledger.ts'
import type { Only } from './listing/slice.ts'

/** The ledger of one listener. */
export interface LedgerListener {
  id: string
  name: string
  /** Null while it exists. */
  deletedAt: number | null
  tally: Tally
}

export interface LedgerQueue {
  id: string
  name: string
  /** Listeners that exist, and those of which anything is retained; oldest first. */
  listeners: LedgerListener[]
}

export interface Ledger {
  /** Oldest first. */
  queues: LedgerQueue[]
  /** The first hundred. */
  unaccounted: UnaccountedPair[]
}

export interface LedgerAsk {
  organizationId: string
  /** Ids of queues or of listeners. */
  only: Only
  /** Messages that were accepted at this time or later; null: however old. */
  since: number | null
  /** And before this time; null: all. */
  until: number | null
  now: number
}

/**
 * Holds what was accepted, told by the messages and for whom they were, against what became of it, told by deliveries,
 * attempts and what was missed or discarded. It reads rows and no counters. No write waits for it.
 */
export interface LedgerStore {
  read(ask: LedgerAsk): Promise<Ledger>
}
