import type { ClockStore } from '../store/clock.ts'
import type { Database } from './connect/transaction.ts'

/** Every commit writes a segment: a jump that a crash cut short is known to have come that far. */
const READ = `
  select greatest((select value::bigint from discue.notes where name = 'clock'),
                  (select max(stored_at) from discue.event_segments), 0) as now`
const WRITE = `
  insert into discue.notes (name, value) values ('clock', $1) on conflict (name) do update set value = excluded.value`

export function createClockStore({ db }: Database): ClockStore {
  return {
    async read() {
      return (await db.rows<{ now: number }>(READ))[0]!.now
    },
    async write(now) {
      await db.run(WRITE, [String(now)])
    },
  }
}
