import type { IdempotencyRecord, IdempotencyRecordStore, RecordPosition } from '../store/idempotency-records.ts'
import type { Db } from './connect/session.ts'
import { restored, stored } from './connect/text.ts'
import { type Database, GivenUp } from './connect/transaction.ts'
import { deletePicked } from './listing.ts'

const FIND = `
  select organization_id as "organizationId", target, key, digest, status, body,
         stored_at as "storedAt", expires_at as "expiresAt"
    from discue.answers where organization_id = $1 and target = $2 and key = $3 and expires_at > $4`

/** Takes the place of one that has expired. Waits for another transaction that is about to store one. */
const INSERT = `
  insert into discue.answers as a (organization_id, target, key, digest, status, body, stored_at, expires_at)
  values ($1, $2, $3, $4, $5, $6, $7, $8)
  on conflict (organization_id, target, key) do update
     set digest = excluded.digest, status = excluded.status, body = excluded.body,
         stored_at = excluded.stored_at, expires_at = excluded.expires_at
   where a.expires_at <= excluded.stored_at`

/** Both step through the primary key alone. */
const LAST_OF = `
  select target, key from discue.answers where organization_id = $1 and (target, key) > ($2, $3)
   order by target, key limit 1 offset $4`
const COUNT = `
  select count(*)::int as count from discue.answers where organization_id = $1 and (target, key) > ($2, $3)`

const PRIMARY_KEY = 'organization_id, target, key'
const REMOVE_EXPIRED = deletePicked(
  'discue.answers',
  PRIMARY_KEY,
  `select ${PRIMARY_KEY} from discue.answers where expires_at <= $1 order by expires_at limit $2 for update skip locked`,
)

/**
 * For the transaction of an effect: first asks whether its request was answered, then, once nothing can refuse the
 * effect any more, writes the answer to it. Both do nothing for a request that has no answer to keep.
 */
export async function hasRecord(db: Db, answer: IdempotencyRecord | null | undefined): Promise<boolean> {
  if (answer === null || answer === undefined) return false
  const { organizationId, target, key, storedAt } = answer
  return (await db.rows(FIND, [organizationId, target, stored(key), storedAt])).length > 0
}

/** Gives the transaction up as `answered` where another one was faster. */
export async function writeRecord(db: Db, answer: IdempotencyRecord | null | undefined): Promise<void> {
  if (answer === null || answer === undefined) return
  if (!(await insert(db, answer))) throw new GivenUp('answered')
}

async function insert(db: Db, answer: IdempotencyRecord): Promise<boolean> {
  const { organizationId, target, key, digest, status, body, storedAt, expiresAt } = answer
  const values = [organizationId, target, stored(key), digest, status, stored(body), storedAt, expiresAt]
  return (await db.run(INSERT, values)) === 1
}

export function createIdempotencyRecordStore({ db }: Database): IdempotencyRecordStore {
  return {
    async find({ organizationId, target, key, now }) {
      const [row] = await db.rows<IdempotencyRecord>(FIND, [organizationId, target, stored(key), now])
      return row === undefined ? null : { ...row, key, body: restored(row.body) }
    },
    async keep(answer) {
      return (await insert(db, answer)) ? 'kept' : 'answered'
    },
    async count({ organizationId, after, limit }) {
      const place = [organizationId, after?.target ?? '', stored(after?.key ?? '')]
      const [last] = await db.rows<RecordPosition>(LAST_OF, [...place, limit - 1])
      if (last !== undefined) return { count: limit, last: { target: last.target, key: restored(last.key) } }
      const [rest] = await db.rows<{ count: number }>(COUNT, place)
      return { count: rest!.count, last: null }
    },
    async removeExpired({ now, limit }) {
      return db.run(REMOVE_EXPIRED, [now, limit])
    },
  }
}
