import type { NodeNews, StoreChange } from '../../store/cluster/changes.ts'
import type { Db } from '../connect/session.ts'
import type { Transaction } from '../connect/transaction.ts'

/** For nodes that listen, and for those that look: both see it once the transaction is on disk. */
const TELL = `
  with told as (insert into discue.changes (payload) values ($2))
  select pg_notify($1, $2)`

/** Long after each node that looks has seen them. */
const FORGET = `delete from discue.changes where told_at < clock_timestamp() - interval '10 minutes'`

/** PostgreSQL refuses a payload of 8,000 bytes or more. */
const MAX_IDS = 200

/** What is sent: which process it comes from, so that this one leaves it alone, and what has changed. */
export interface Told {
  from: string
  change: StoreChange | NodeNews
}

/** What was told by a node; null for anything else: every role of the database may notify on every channel. */
export function toldIn(payload: string): Told | null {
  try {
    const told = JSON.parse(payload)
    return typeof told?.from === 'string' && typeof told.change?.kind === 'string' ? told : null
  } catch {
    return null
  }
}

/** Tells the other processes, and them alone, once the transaction is on disk. */
export type Notify = (db: Db, ...changes: (StoreChange | NodeNews)[]) => Promise<void>

/**
 * Tells every process of what the transaction changes, once it is on disk: this one without a notification, which it
 * would not hear. For transactions that are not among the often ones.
 */
export type Publish = (on: Transaction, ...changes: StoreChange[]) => Promise<void>

/** `channel` is the one on which the nodes of one schema tell each other what they have changed. */
export function createNotify(from: string, channel: string): Notify {
  return async (db, ...changes) => {
    for (const change of changes.flatMap(small))
      await db.rows(TELL, [channel, JSON.stringify({ from, change } satisfies Told)])
  }
}

export function createPublish(notify: Notify): Publish {
  return async (on, ...changes) => {
    on.changes.push(...changes)
    await notify(on, ...changes.filter(isToldAtCommit).map(withoutSecrets))
  }
}

/** What is due is told by the change publisher: a redelivery makes very many of these, and notifications make commits wait. */
function isToldAtCommit({ kind }: StoreChange): boolean {
  return kind !== 'deliveries_due'
}

function withoutSecrets(change: StoreChange): StoreChange {
  return 'listener' in change ? { ...change, listener: null } : change
}

function small(change: StoreChange | NodeNews): (StoreChange | NodeNews)[] {
  if (!('listenerIds' in change) || change.listenerIds.length <= MAX_IDS) return [change]
  const parts: (StoreChange | NodeNews)[] = []
  for (let at = 0; at < change.listenerIds.length; at += MAX_IDS) {
    parts.push({ ...change, listenerIds: change.listenerIds.slice(at, at + MAX_IDS) })
  }
  return parts
}

/** Removes what was told long ago. */
export async function forgetChanges(db: Db): Promise<void> {
  await db.run(FORGET)
}
