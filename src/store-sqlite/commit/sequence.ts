import type { DatabaseSync } from 'node:sqlite'

/** How many numbers are set aside at a time; those that a stop leaves over are never used. */
const NUMBERS_AHEAD = 1_000_000

const READ = `select value from notes where name = 'sequences_taken'`
const WRITE = `insert or replace into notes (name, value) values ('sequences_taken', ?)`

/**
 * Numbers messages in the order of their acceptance. Whole blocks are set aside in the database, so that no number
 * comes back after a restart, not even that of a message which is deleted by then.
 */
export interface Sequence {
  /** Within a transaction. Numbers of one that fails are lost. */
  next(): number
  /** After the transaction is on disk. */
  committed(): void
}

export function createSequence(db: DatabaseSync): Sequence {
  const write = db.prepare(WRITE)
  const row = db.prepare(READ).get() as { value: string } | undefined
  let last = Number(row?.value ?? 0)
  /** Up to here numbers are set aside on disk; `written`: also in the transaction that is running. */
  let taken = last
  let written = last
  return {
    next() {
      last += 1
      if (last > written) written = last + NUMBERS_AHEAD
      // Written again where the transaction that set the block aside has failed, or has only just begun.
      if (last > taken) write.run(String(written))
      return last
    },
    committed() {
      taken = written
    },
  }
}
