import { Problem } from '../../core/problem.ts'
import type { Runtime } from '../../runtime.ts'
import type { IdempotencyRecordStore } from '../../store/idempotency-records.ts'
import { BoundedCache } from '../caches/bounded-cache.ts'

/** Idempotency records of one organization: 57 requests a second, all day. */
const MAX_RECORDS = 5_000_000
/** So many are counted in one step, which takes the store about a millisecond. */
const COUNTED_AT_ONCE = 10_000
/** Where there is room they are counted again after this part of it is used up, by this node, but not before so many. */
const PART_OF_ROOM = 1 / 4
const MIN_BETWEEN_COUNTS = 1_000
/** Where there is none, they are counted again after this time. */
const FULL_FOR_MS = 300_000
const ORGANIZATIONS = 10_000

interface Count {
  organizationId: string
  /** As counted last; 0 before. */
  counted: number
  /** First requests since then. */
  since: number
  /** Null while it has not been counted, or is being. */
  countedAt: number | null
}

/** Bounds how many idempotency records the store keeps of an organization. */
export interface IdempotencyRoom {
  /** A first request is to have its record. Throws `too_many_keyed`, with `Retry-After`, where there is no room for it. */
  take(organizationId: string): void
}

/**
 * Counts the records in the store from time to time and not with each request: the less room there is, the more often.
 * The bound may be passed by what other nodes take between two counts, by a fourth of the room for each of them. No
 * request waits for a count.
 */
export function createIdempotencyRoom(
  { store, runtime }: { store: { answers: Pick<IdempotencyRecordStore, 'count'> }; runtime: Runtime },
  most = MAX_RECORDS,
): IdempotencyRoom {
  const counts = new BoundedCache<Count>({ limit: ORGANIZATIONS, ownerOf: ({ organizationId }) => organizationId })

  async function recount(count: Count): Promise<void> {
    const { organizationId } = count
    count.countedAt = null
    count.since = 0
    try {
      let [counted, after] = [0, null as { target: string; key: string } | null]
      do {
        const step = await store.answers.count({ organizationId, after, limit: COUNTED_AT_ONCE })
        counted += step.count
        after = step.last
      } while (after !== null && counted < most)
      count.counted = counted
    } catch (error) {
      runtime.log.warn({ err: error, organizationId }, 'idempotency records could not be counted')
    } finally {
      count.countedAt = runtime.now()
    }
  }

  function isDue({ counted, since, countedAt }: Count): boolean {
    if (countedAt === null) return false
    if (counted + since >= most) return Math.abs(runtime.now() - countedAt) >= FULL_FOR_MS
    return since >= Math.max(Math.min(MIN_BETWEEN_COUNTS, most), (most - counted) * PART_OF_ROOM)
  }

  return {
    take(organizationId) {
      const count = counts.getOrMake(organizationId, () => {
        const made: Count = { organizationId, counted: 0, since: 0, countedAt: null }
        void recount(made)
        return made
      })
      if (isDue(count)) void recount(count)
      else if (count.counted + count.since >= most) throw full(most)
      count.since += 1
    },
  }
}

function full(most: number): Problem {
  const detail =
    `the organization has ${most.toLocaleString('en-US')} answers stored for its requests with an Idempotency-Key, as many ` +
    'as are kept; each goes 24 hours after its request; without the header, requests are taken'
  return new Problem('too_many_keyed', { detail, headers: { 'retry-after': String(FULL_FOR_MS / 1_000) } })
}
