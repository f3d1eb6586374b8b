import {
  emptyTally,
  MAX_PAIRS,
  STANDINGS,
  type StandingCounts,
  tallyOf,
  type UnaccountedPair,
} from '../../core/delivery/ledger.ts'
import { SerialQueue } from '../../store/commit/serial-queue.ts'
import type { Ledger, LedgerAsk, LedgerListener, LedgerQueue, LedgerStore } from '../../store/ledger.ts'
import type { Db } from '../connect/session.ts'
import type { Database } from '../connect/transaction.ts'
import { DISCARDED, LOOK, PAGE_END } from './ledger-rows.ts'

/** What is being deleted is not told of. */
const QUEUES = `
  select q.id, q.name from discue.queues q
   where q.organization_id = $1 and exists (select 1 from discue.organizations o where o.id = q.organization_id)
   order by q.id`

const LISTENERS = `
  select l.id, l.name, null::bigint as "deletedAt" from discue.listeners l where l.organization_id = $1 and l.queue_id = $2
  union all
  select r.id, r.name, r.removed_at from discue.removed_listeners r where r.organization_id = $1 and r.queue_id = $2
   order by 1`

/** Readings that wait, half of them one organization's. */
const MAX_WAITING = 32
/** Messages that are looked at in one statement: a fraction of a second's work. */
const MESSAGES = 2_000

/** How many deliveries of a listener stand in each way, by the rows alone. */
interface Stands extends StandingCounts {
  listenerId: string
  /** Messages of the last two. */
  nothingIds: string[]
  twiceIds: string[]
}

type Named = Omit<LedgerListener, 'tally'>

/** The ledger of one queue, counted. */
interface QueueLedger {
  listeners: LedgerListener[]
  unaccounted: UnaccountedPair[]
}

/**
 * Reads the ledger queue by queue, a page of messages in a statement, each of one moment: no write waits for it, and no
 * statement runs for long. A node reads one at a time, because a few of them would have all connections of the pool.
 */
export function createLedgerStore({ db }: Database): LedgerStore {
  const serialQueue = new SerialQueue(MAX_WAITING)

  async function read(ask: LedgerAsk): Promise<Ledger> {
    const ledger: Ledger = { queues: [], unaccounted: [] }
    const wanted = ask.only === null ? null : new Set(ask.only)
    for (const { id, name } of await db.rows<{ id: string; name: string }>(QUEUES, [ask.organizationId])) {
      const shows = (listenerId: string) => wanted === null || wanted.has(id) || wanted.has(listenerId)
      const queueLedger = await readQueue(db, id, ask, shows)
      const isShown = wanted === null || wanted.has(id) || queueLedger.listeners.length > 0
      if (isShown) ledger.queues.push({ id, name, listeners: queueLedger.listeners } satisfies LedgerQueue)
      ledger.unaccounted.push(...queueLedger.unaccounted.slice(0, MAX_PAIRS - ledger.unaccounted.length))
    }
    return ledger
  }

  return { read: (ask) => serialQueue.take(ask.organizationId, () => read(ask)) }
}

async function readQueue(
  db: Db,
  queueId: string,
  ask: LedgerAsk,
  shows: (listenerId: string) => boolean,
): Promise<QueueLedger> {
  const sums = new Map<string, Stands>()
  for await (const rows of pages(db, queueId, ask)) for (const row of rows) addStands(sums, row)
  const known = await db.rows<Named>(LISTENERS, [ask.organizationId, queueId])
  const ids = new Set(known.map(({ id }) => id))
  // A listener that neither exists nor was deleted: what was meant for it is unaccounted.
  const lost = [...sums.keys()].filter((id) => !ids.has(id)).map((id) => ({ id, name: '', deletedAt: null }))
  const queueLedger: QueueLedger = { listeners: [], unaccounted: [] }
  for (const listener of [...known, ...lost].filter(({ id }) => shows(id))) {
    const stands = sums.get(listener.id)
    if (stands === undefined && listener.deletedAt !== null) continue
    const isGone = listener.deletedAt !== null
    queueLedger.listeners.push({ ...listener, tally: stands === undefined ? emptyTally() : tallyOf(stands, isGone) })
    const messageIds = stands === undefined ? [] : [...stands.twiceIds, ...(isGone ? [] : stands.nothingIds)]
    queueLedger.unaccounted.push(...messageIds.map((messageId) => ({ queueId, messageId, listenerId: listener.id })))
  }
  return queueLedger
}

/** Of the messages that are there, page by page, and of those that are gone. */
async function* pages(db: Db, queueId: string, { organizationId, since, until, now }: LedgerAsk) {
  const of = [organizationId, queueId]
  const range = [since ?? 0, until ?? Number.MAX_SAFE_INTEGER]
  let after = ''
  for (;;) {
    const [page] = await db.rows<{ last: string | null; looked: number }>(PAGE_END, [...of, after, MESSAGES])
    if (page!.last === null) break
    yield await db.rows<Stands>(LOOK, [...of, after, page!.last, ...range, now])
    after = page!.last
    if (page!.looked < MESSAGES) break
  }
  yield await db.rows<Stands>(DISCARDED, [...of, ...range])
}

function addStands(sums: Map<string, Stands>, row: Stands): void {
  const sum = sums.get(row.listenerId)
  if (sum === undefined) {
    sums.set(row.listenerId, { ...row, nothingIds: [...row.nothingIds], twiceIds: [...row.twiceIds] })
    return
  }
  sum.accepted += row.accepted
  for (const name of STANDINGS) sum[name] += row[name]
  sum.nothingIds.push(...row.nothingIds.slice(0, MAX_PAIRS - sum.nothingIds.length))
  sum.twiceIds.push(...row.twiceIds.slice(0, MAX_PAIRS - sum.twiceIds.length))
}
