import type { DatabaseSync } from 'node:sqlite'
import { addLatencies } from '../../core/delivery/latency.ts'
import { addTally, emptyTally, type MessageTally } from '../../store/commit/usage-changes.ts'
import { latenciesIn, latencyBytes } from './latency-bytes.ts'

const COUNT = `
  insert into stats
    (bucket, organization_id, subject_id, listener_id,
     message_added, message_published_ok, message_published_not_ok, latencies)
  values (?, ?, ?, ?, ?, ?, ?, ?)
  on conflict do update set
    message_added = message_added + excluded.message_added,
    message_published_ok = message_published_ok + excluded.message_published_ok,
    message_published_not_ok = message_published_not_ok + excluded.message_published_not_ok,
    latencies = coalesce(excluded.latencies, latencies)`

const LATENCIES = `
  select latencies from stats where bucket = ? and organization_id = ? and subject_id = ? and listener_id = ?`

/** Tallies that wait to be written, those of each queue and listener summed up. */
export class TallySum {
  readonly #tallies = new Map<string, MessageTally>()

  add(tally: MessageTally): void {
    const { organizationId, queueId, listenerId } = tally
    const key = listenerId === '' ? queueId : listenerId
    const sum = this.#tallies.get(key) ?? emptyTally(organizationId, queueId, listenerId)
    if (sum.added + sum.ok + sum.notOk === 0) this.#tallies.set(key, sum)
    addTally(sum, tally)
  }

  /** What to write: each tally, and the sum of each organization's. */
  *rows(): Generator<MessageTally> {
    const organizations = new Map<string, MessageTally>()
    for (const tally of this.#tallies.values()) {
      yield tally
      const { organizationId } = tally
      const sum = organizations.get(organizationId) ?? emptyTally(organizationId, '', '')
      organizations.set(organizationId, sum)
      // The organization's own latencies are not kept: they are those of its listeners.
      addTally(sum, { ...tally, latencies: [] })
    }
    yield* organizations.values()
  }
}

/** Adds tallies to the counts of five minutes, within a transaction. */
export function createMessageCounts(db: DatabaseSync): (bucket: number, sum: TallySum) => void {
  const [count, latencies] = [db.prepare(COUNT), db.prepare(LATENCIES)]

  function merged(bucket: number, tally: MessageTally): Uint8Array | null {
    if (tally.latencies.length === 0) return null
    const row = latencies.get(bucket, tally.organizationId, tally.queueId, tally.listenerId)
    const all = latenciesIn((row?.latencies as Uint8Array | null | undefined) ?? null)
    addLatencies(all, tally.latencies)
    return latencyBytes(all)
  }

  return (bucket, sum) => {
    for (const tally of sum.rows()) {
      const { organizationId, queueId, listenerId, added, ok, notOk } = tally
      count.run(bucket, organizationId, queueId, listenerId, added, ok, notOk, merged(bucket, tally))
    }
  }
}
