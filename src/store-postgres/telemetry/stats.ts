import type { Latencies } from '../../core/delivery/latency.ts'
import { EVENT_TYPES } from '../../core/telemetry/event.ts'
import { BUCKET_MS, bucketStart, type EventCounts } from '../../core/telemetry/stats.ts'
import type { CountedPart, CountedParts, StatsStore } from '../../store/stats.ts'
import type { Database } from '../connect/transaction.ts'
import { deletePicked, onlyOf } from '../listing.ts'
import type { Rollup } from './rollup.ts'

const COLUMNS = `s.bucket, s.subject_id, s.listener_id, s.latencies, ${EVENT_TYPES.map((type) => `s.${type}`).join(', ')}`

const OF_ORGANIZATION = `
  select ${COLUMNS} from discue.stats s
   where s.organization_id = $1 and s.bucket between $2 and $3 and s.subject_id = '' and s.listener_id = ''
   order by s.bucket`

/** A listener is looked up for its queue, which comes first in the key; one whose queue is asked for as well is not. */
const OF_PARTS = `
  select ${COLUMNS} from discue.stats s
   where s.organization_id = $1 and s.bucket = $2 and s.subject_id > ''
     and ($3::text[] is null or s.subject_id = any($3) or (s.listener_id > '' and s.listener_id = any($3)))
   order by s.subject_id, s.listener_id`

const KEY = 'organization_id, bucket, subject_id, listener_id'
const PRUNE = deletePicked(
  'discue.stats',
  KEY,
  `select ${KEY} from discue.stats where bucket < $1 order by bucket limit $2 for update skip locked`,
)

type Row = EventCounts & { bucket: number; subject_id: string; listener_id: string; latencies: Latencies }

export function createStatsStore({ db }: Database, rollup: Rollup): StatsStore {
  async function partsOf(organizationId: string, only: string | null, bucket: number): Promise<CountedPart[]> {
    return (await db.rows<Row>(OF_PARTS, [organizationId, bucket, only])).map(partOf)
  }

  return {
    async ofOrganization({ organizationId, from, until }) {
      await rollup.all()
      const rows = await db.rows<Row>(OF_ORGANIZATION, [organizationId, bucketStart(from), until])
      return rows.map((row) => ({ start: row.bucket, counts: countsOf(row) }))
    },
    async ofParts({ organizationId, only, from, until, limit }): Promise<CountedParts> {
      await rollup.all()
      const parts: CountedPart[] = []
      const ids = onlyOf(only)
      for (let bucket = bucketStart(from); bucket <= until; bucket += BUCKET_MS) {
        if (parts.length >= limit) return { parts, next: bucket }
        parts.push(...(await partsOf(organizationId, ids, bucket)))
      }
      return { parts, next: null }
    },
    prune: ({ before, limit }) => db.run(PRUNE, [before, limit]),
  }
}

function partOf(row: Row): CountedPart {
  const { bucket: start, subject_id: subjectId, listener_id: listenerId, latencies } = row
  return { start, subjectId, listenerId: listenerId === '' ? null : listenerId, counts: countsOf(row), latencies }
}

function countsOf(row: Row): EventCounts {
  return Object.fromEntries(EVENT_TYPES.map((type) => [type, row[type]])) as EventCounts
}
