import type { StoreChange } from '../../store/cluster/changes.ts'
import type { Db } from '../connect/session.ts'

const NOTIFY = `select pg_notify($1, $2)`

/** PostgreSQL refuses a payload of 8,000 bytes or more. */
const MAX_IDS = 200

/** What is sent: which process it comes from, so that this one leaves it alone, and what has changed. */
export interface Told {
  from: string
  change: StoreChange
}

/** Tells every other process, once the transaction is on disk; within one that is not among the often ones. */
export type Publish = (db: Db, ...changes: StoreChange[]) => Promise<void>

/** `channel` is the one on which the nodes of one schema tell each other what they have changed. */
export function createPublish(from: string, channel: string): Publish {
  return async (db, ...changes) => {
    for (const change of changes.flatMap(small))
      await db.rows(NOTIFY, [channel, JSON.stringify({ from, change } satisfies Told)])
  }
}

function small(change: StoreChange): StoreChange[] {
  if (!('listenerIds' in change)) return [change]
  const parts: StoreChange[] = []
  for (let at = 0; at < change.listenerIds.length; at += MAX_IDS) {
    parts.push({ ...change, listenerIds: change.listenerIds.slice(at, at + MAX_IDS) })
  }
  return parts
}
