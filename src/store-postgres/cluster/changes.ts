import { type CounterChange, emptyCounterChange } from '../../core/delivery/settlement.ts'
import { bucketStart } from '../../core/telemetry/stats.ts'
import { UsageChanges } from '../../store/commit/usage-changes.ts'
import { TABLES } from '../commit/batch-parameters.ts'
import { numbers } from '../connect/arrays.ts'
import { Columns, type RowOf } from '../connect/columns.ts'
import type { Value } from '../connect/session.ts'

/** What happened to one queue's messages (without a listener), or to a listener's deliveries. */
export interface UsageRow extends CounterChange {
  organizationId: string
  subjectId: string
  listenerId: string
  added: number
  ok: number
  notOk: number
  latencies: readonly number[]
}

type Subject = Pick<UsageRow, 'organizationId' | 'listenerId'> & { queueId: string }

/** Gathers what a transaction does, so that it is written once a queue and listener and not once a message. */
export class Changes {
  readonly usage = new UsageChanges()
  readonly #rows = new Map<string, UsageRow>()

  of({ organizationId, queueId, listenerId }: Subject): CounterChange {
    return this.#row(organizationId, queueId, listenerId)
  }

  rows(): UsageRow[] {
    for (const { organizationId, queueId, listenerId, added, ok, notOk, latencies } of this.usage.tallies()) {
      Object.assign(this.#row(organizationId, queueId, listenerId), { added, ok, notOk, latencies })
    }
    return [...this.#rows.values()]
  }

  #row(organizationId: string, subjectId: string, listenerId: string): UsageRow {
    const key = listenerId === '' ? subjectId : listenerId
    let row = this.#rows.get(key)
    if (row === undefined) {
      const none = { ...emptyCounterChange(), added: 0, ok: 0, notOk: 0, latencies: [] }
      row = { organizationId, subjectId, listenerId, ...none }
      this.#rows.set(key, row)
    }
    return row
  }
}

/** As a row of the commit's parameters. */
export function changeRow(row: UsageRow): RowOf<typeof TABLES.change> {
  const { organizationId, subjectId, listenerId, pending, acknowledged, missed, added, ok, notOk } = row
  return {
    ...{ organization: organizationId, subject: subjectId, listener: listenerId, pending, acknowledged, missed },
    ...{ successAt: row.lastSuccessAt, failureAt: row.lastFailureAt, added, ok, notOk },
    latencies: numbers(row.latencies),
  }
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
  const columns = new Columns(TABLES.change)
  for (const row of changes.rows()) columns.add(changeRow(row))
  if (columns.length > 0) await db.run(INSERT, [bucketStart(now), ...columns.arrays()])
}
