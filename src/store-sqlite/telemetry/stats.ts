import type { DatabaseSync } from 'node:sqlite'
import { EVENT_TYPES } from '../../core/telemetry/event.ts'
import { BUCKET_MS, bucketStart, type EventCounts } from '../../core/telemetry/stats.ts'
import type { CountedPart, CountedParts, StatsStore } from '../../store/stats.ts'
import { onlyOf } from '../listing.ts'
import { reading, type Transact } from '../transaction.ts'
import { latenciesIn } from './latency-bytes.ts'
import type { Usage } from './usage.ts'

const COLUMNS = `s.bucket, s.subject_id, s.listener_id, s.latencies, ${EVENT_TYPES.map((type) => `s.${type}`).join(', ')}`

const OF_ORGANIZATION = `
  select ${COLUMNS} from stats s
   where s.bucket = :bucket and s.organization_id = :organizationId and s.subject_id = '' and s.listener_id = ''`

const OF_PARTS = `
  select ${COLUMNS} from stats s
   where s.bucket = :bucket and s.organization_id = :organizationId and s.subject_id > ''`

/** A listener is looked up for its queue, which comes first in the key; one whose queue is asked for as well is not. */
const OF_SOME_PARTS = `
  select ${COLUMNS} from json_each(:only) t cross join stats s
   where s.bucket = :bucket and s.organization_id = :organizationId and s.subject_id = t.value and s.subject_id > ''
   union all
  select ${COLUMNS} from json_each(:only) t cross join listeners l on l.id = t.value
         cross join stats s
   where s.bucket = :bucket and s.organization_id = :organizationId and s.subject_id = l.queue_id
     and s.listener_id = l.id and l.queue_id not in (select value from json_each(:only))`

const PRUNE = `
  delete from stats where (bucket, organization_id, subject_id, listener_id) in
    (select bucket, organization_id, subject_id, listener_id from stats where bucket < ? order by bucket limit ?)`

type Row = EventCounts & { bucket: number; subject_id: string; listener_id: string; latencies: Uint8Array | null }

export function createStatsStore(db: DatabaseSync, transact: Transact, usage: Usage): StatsStore {
  const [ofOrganization, prune] = [db.prepare(OF_ORGANIZATION), db.prepare(PRUNE)]
  const [ofParts, ofSomeParts] = [db.prepare(OF_PARTS), db.prepare(OF_SOME_PARTS)]

  function partsOf(organizationId: string, only: string | null, bucket: number): CountedPart[] {
    const values = { bucket, organizationId }
    const rows = only === null ? ofParts.all(values) : ofSomeParts.all({ ...values, only })
    return (rows as unknown as Row[]).map(partOf)
  }

  function parts({ organizationId, only, from, until, limit }: Parameters<StatsStore['ofParts']>[0]): CountedParts {
    const found: CountedPart[] = []
    const ids = onlyOf(only)
    for (let bucket = bucketStart(from); bucket <= until; bucket += BUCKET_MS) {
      if (found.length >= limit) return { parts: found, next: bucket }
      found.push(...partsOf(organizationId, ids, bucket))
    }
    return { parts: found, next: null }
  }

  return {
    async ofOrganization({ organizationId, from, until }) {
      usage.countNow()
      return reading(() => {
        const found: Row[] = []
        for (let bucket = bucketStart(from); bucket <= until; bucket += BUCKET_MS) {
          const row = ofOrganization.get({ bucket, organizationId }) as Row | undefined
          if (row !== undefined) found.push(row)
        }
        return found.map((row) => ({ start: row.bucket, counts: countsOf(row) }))
      })
    },
    async ofParts(ask) {
      usage.countNow()
      return reading(() => parts(ask))
    },
    async prune({ before, limit }) {
      return transact(() => Number(prune.run(before, limit).changes))
    },
  }
}

function partOf(row: Row): CountedPart {
  const { bucket, subject_id: subjectId, listener_id: listenerId, latencies } = row
  const listener = listenerId === '' ? null : listenerId
  return {
    start: bucket,
    subjectId,
    listenerId: listener,
    counts: countsOf(row),
    latencies: latenciesIn(latencies),
  }
}

function countsOf(row: Row): EventCounts {
  return Object.fromEntries(EVENT_TYPES.map((type) => [type, row[type]])) as EventCounts
}
