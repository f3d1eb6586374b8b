import type { DatabaseSync } from 'node:sqlite'
import { MAX_PAIRS, tallyOf, type UnaccountedPair } from '../../core/delivery/ledger.ts'
import type { Ledger, LedgerAsk, LedgerListener, LedgerQueue } from '../../store/ledger.ts'
import { type Block, countsByName } from './ledger-block.ts'

/** Of one organization, or of all that exist. What is being deleted is not told of. */
const QUEUES = `
  select q.id, q.name from queues q
   where (:organizationId is null or q.organization_id = :organizationId)
     and exists (select 1 from organizations o where o.id = q.organization_id)
   order by q.id`

const LISTENERS = `
  select l.id, l.name, null as deletedAt from listeners l where l.queue_id = :queueId
  union all
  select r.id, r.name, r.removed_at as deletedAt from removed_listeners r where r.queue_id = :queueId
   order by 1`

const MESSAGE = `select queue_id as queueId, id as messageId from messages where sequence = ?`

/** Which organization's ledger is read; null stands for all. */
export type ReaderAsk = Omit<LedgerAsk, 'organizationId'> & { organizationId: string | null }

export type Fault = Block['faults'][number]

/** What was counted over all messages. */
export interface Counted {
  /** Of each listener, how many deliveries stand how. */
  sums: ReadonlyMap<string, ArrayLike<number>>
  faults: readonly Fault[]
  /** The queue that each listener of any message has, or had. */
  queueOf: ReadonlyMap<string, string>
}

type Named = Omit<LedgerListener, 'tally'>

/** Lays out by queue and listener what was counted. */
export class LedgerQueues {
  readonly #statements

  constructor(db: DatabaseSync) {
    this.#statements = {
      queues: db.prepare(QUEUES),
      listeners: db.prepare(LISTENERS),
      message: db.prepare(MESSAGE),
    }
  }

  present({ organizationId, only }: ReaderAsk, counted: Counted): Ledger {
    const wanted = only === null ? null : new Set(only)
    const queues: LedgerQueue[] = []
    for (const { id, name, rows } of this.#queues(organizationId, counted)) {
      const shown = rows.filter((row) => wanted === null || wanted.has(id) || wanted.has(row.id))
      const listeners = shown.flatMap((row): LedgerListener[] => {
        const counts = counted.sums.get(row.id)
        if (counts === undefined && row.deletedAt !== null) return []
        return [{ ...row, tally: tallyOf(countsByName(counts), row.deletedAt !== null) }]
      })
      if (wanted === null || wanted.has(id) || listeners.length > 0) queues.push({ id, name, listeners })
    }
    return { queues, unaccounted: this.#pairsOf(counted.faults, queues) }
  }

  #queues(organizationId: string | null, { sums, queueOf }: Counted) {
    const queues = (this.#statements.queues.all({ organizationId }) as { id: string; name: string }[]).map((queue) => ({
      ...queue,
      rows: this.#statements.listeners.all({ queueId: queue.id }) as unknown as Named[],
    }))
    const known = new Set(queues.flatMap(({ rows }) => rows.map(({ id }) => id)))
    const byId = new Map(queues.map((queue) => [queue.id, queue]))
    // A listener that neither exists nor was deleted: what was meant for it is unaccounted.
    for (const id of sums.keys()) {
      if (!known.has(id)) byId.get(queueOf.get(id) ?? '')?.rows.push({ id, name: '', deletedAt: null })
    }
    return queues
  }

  #pairsOf(faults: readonly Fault[], queues: readonly LedgerQueue[]): UnaccountedPair[] {
    const shown = new Map(queues.flatMap(({ listeners }) => listeners.map((listener) => [listener.id, listener])))
    const pairs: UnaccountedPair[] = []
    for (const { sequence, listenerId, standing } of faults) {
      const listener = shown.get(listenerId)
      if (listener === undefined || (standing === 'nothing' && listener.deletedAt !== null)) continue
      const found = this.#statements.message.get(sequence) as Omit<UnaccountedPair, 'listenerId'> | undefined
      if (found !== undefined) pairs.push({ ...found, listenerId })
      if (pairs.length === MAX_PAIRS) break
    }
    return pairs
  }
}
