import type { DatabaseSync } from 'node:sqlite'
import type { ClockStore } from '../store/clock.ts'
import { reading, type Transact } from './transaction.ts'

const READ = `select value from notes where name = 'clock'`
const WRITE = `insert or replace into notes (name, value) values ('clock', ?)`

/** Every commit writes one: a jump that a crash cut short is known to have come that far. */
const LAST_SEGMENT = `select stored_at as storedAt from event_segments order by segment desc limit 1`

export function createClockStore(db: DatabaseSync, transact: Transact): ClockStore {
  const [read, write, lastSegment] = [db.prepare(READ), db.prepare(WRITE), db.prepare(LAST_SEGMENT)]
  return {
    async read() {
      return reading(() => {
        const note = read.get() as { value: string } | undefined
        const segment = lastSegment.get() as { storedAt: number } | undefined
        return Math.max(Number(note?.value ?? 0), segment?.storedAt ?? 0)
      })
    },
    async write(now) {
      transact(() => write.run(String(now)))
    },
  }
}
