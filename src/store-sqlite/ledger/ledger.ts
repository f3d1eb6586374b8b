import type { DatabaseSync } from 'node:sqlite'
import type { LedgerStore } from '../../store/ledger.ts'
import { LedgerReader } from './ledger-reader.ts'
import type { TouchedBlocks } from './touched-blocks.ts'

/** What the thread of the database is asked by the one that reads the ledger. */
export interface TouchedSource {
  /** Blocks that were touched since the last call; null means that any may have been. */
  drainTouched(): Promise<number[] | null>
}

/** Reads the ledger by the store's own connection; `drainTouched` is for the thread that reads it by another one. */
export function createLedgerStore(db: DatabaseSync, touched: TouchedBlocks): LedgerStore & TouchedSource {
  const reader = new LedgerReader(db)
  return {
    read(ask) {
      reader.forget(touched.drain())
      return reader.read(ask)
    },
    drainTouched: async () => touched.drain(),
  }
}
