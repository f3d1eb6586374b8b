import { bucketStart } from '../../core/telemetry/stats.ts'
import { UsageChanges } from '../../store/commit/usage-changes.ts'
import { numbers, texts } from '../connect/arrays.ts'
import type { Value } from '../connect/session.ts'

/** What a transaction changes of a listener's counters. */
export interface CounterChange {
  pending: number
  acknowledged: number
  missed: number
  lastSuccessAt: number | null
  lastFailureAt: number | null
}

/** What happened to one queue's messages (without a listener), or to a listener's deliveries. */
interface Row extends CounterChange {
  organizationId: string
  subjectId: string
  listenerId: string
  added: number
  ok: number
  notOk: number
  latencies: readonly number[]
}

type Subject = Pick<Row, 'organizationId' | 'listenerId'> & { queueId: string }

/** Gathers what a transaction does, so that it is written once a queue and listener and not once a message. */
export class Changes {
  readonly usage = new UsageChanges()
  readonly #rows = new Map<string, Row>()

  of({ organizationId, queueId, listenerId }: Subject): CounterChange {
    return this.#row(organizationId, queueId, listenerId)
  }

  rows(): Row[] {
    for (const { organizationId, queueId, listenerId, added, ok, notOk, latencies } of this.usage.tallies()) {
      Object.assign(this.#row(organizationId, queueId, listenerId), { added, ok, notOk, latencies })
    }
    return [...this.#rows.values()]
  }

  #row(organizationId: string, subjectId: string, listenerId: string): Row {
    const key = listenerId === '' ? subjectId : listenerId
    let row = this.#rows.get(key)
    if (row === undefined) {
      const counters = { pending: 0, acknowledged: 0, missed: 0, lastSuccessAt: null, lastFailureAt: null }
      row = { organizationId, subjectId, listenerId, ...counters, added: 0, ok: 0, notOk: 0, latencies: [] }
      this.#rows.set(key, row)
    }
    return row
  }
}

/** The arrays of `CHANGE_COLUMNS`, in their order. */
export function changeArrays(rows: readonly Row[]): string[] {
  return [
    texts(rows.map((row) => row.organizationId)),
    texts(rows.map((row) => row.subjectId)),
    texts(rows.map((row) => row.listenerId)),
    numbers(rows.map((row) => row.pending)),
    numbers(rows.map((row) => row.acknowledged)),
    numbers(rows.map((row) => row.missed)),
    numbers(rows.map((row) => row.lastSuccessAt)),
    numbers(rows.map((row) => row.lastFailureAt)),
    numbers(rows.map((row) => row.added)),
    numbers(rows.map((row) => row.ok)),
    numbers(rows.map((row) => row.notOk)),
    texts(rows.map((row) => numbers(row.latencies))),
  ]
}

/** For transactions off the hot path; the hot one does the same in `routines/commit_batch.sql`. */
const INSERT = `
  insert into discue.usage_changes
    (organization_id, subject_id, listener_id, bucket, pending, acknowledged, missed, last_success_at,
     last_failure_at, added, ok, not_ok, latencies)
  select u.organization, u.subject, u.listener, $1, u.pending, u.acknowledged, u.missed, u.success_at,
         u.failure_at, u.added, u.ok, u.not_ok, u.latencies::bigint[]
    from unnest($2::text[], $3::text[], $4::text[], $5::int[], $6::int[], $7::int[], $8::bigint[], $9::bigint[],
                $10::int[], $11::int[], $12::int[], $13::text[])
           u(organization, subject, listener, pending, acknowledged, missed, success_at, failure_at, added, ok,
             not_ok, latencies)`

export async function writeChanges(
  db: { run(sql: string, values: readonly Value[]): Promise<number> },
  changes: Changes,
  now: number,
): Promise<void> {
  const rows = changes.rows()
  if (rows.length > 0) await db.run(INSERT, [bucketStart(now), ...changeArrays(rows)])
}
