import type { DatabaseSync } from 'node:sqlite'
import type { IdempotencyRecord, IdempotencyRecordStore, RecordPosition } from '../store/idempotency-records.ts'
import { reading, type Transact } from './transaction.ts'

const FIND = `
  select organization_id as organizationId, target, key, digest, status, body,
         stored_at as storedAt, expires_at as expiresAt
    from answers where organization_id = ? and target = ? and key = ? and expires_at > ?`

/** Takes the place of one that has expired, as the newest: numbers grow with the time of expiry. */
const INSERT = `
  insert or replace into answers (organization_id, target, key, digest, status, body, stored_at, expires_at)
  values (?, ?, ?, ?, ?, ?, ?, ?)`

/** Both step through the index alone. */
const LAST_OF = `
  select target, key from answers where organization_id = ? and (target, key) > (?, ?)
   order by target, key limit 1 offset ?`
const COUNT = `select count(*) as count from answers where organization_id = ? and (target, key) > (?, ?)`

/** They all live equally long, so that the oldest expire first, and no index of times is needed. */
const REMOVE_EXPIRED = `
  delete from answers where number in (select number from answers order by number limit ?) and expires_at <= ?`

/**
 * For the transaction of an effect: first asks whether its request was answered, then, once nothing can refuse the
 * effect any more, writes the answer to it. Both do nothing for a request that has no answer to keep.
 */
export interface EffectRecords {
  has(answer: IdempotencyRecord | null | undefined): boolean
  write(answer: IdempotencyRecord | null | undefined): void
}

export function createEffectRecords(db: DatabaseSync): EffectRecords {
  const [find, insert] = [db.prepare(FIND), db.prepare(INSERT)]
  return {
    has(answer) {
      if (answer === null || answer === undefined) return false
      return find.get(answer.organizationId, answer.target, answer.key, answer.storedAt) !== undefined
    },
    write(answer) {
      if (answer === null || answer === undefined) return
      const { organizationId, target, key, digest, status, body, storedAt, expiresAt } = answer
      insert.run(organizationId, target, key, digest, status, body, storedAt, expiresAt)
    },
  }
}

export function createIdempotencyRecordStore(db: DatabaseSync, transact: Transact): IdempotencyRecordStore {
  const answers = createEffectRecords(db)
  const [find, removeExpired] = [db.prepare(FIND), db.prepare(REMOVE_EXPIRED)]
  const [lastOf, countAll] = [db.prepare(LAST_OF), db.prepare(COUNT)]
  return {
    async find({ organizationId, target, key, now }) {
      const row = reading(() => find.get(organizationId, target, key, now)) as IdempotencyRecord | undefined
      return row === undefined ? null : { ...row }
    },
    async keep(answer) {
      return transact(() => {
        if (answers.has(answer)) return 'answered'
        answers.write(answer)
        return 'kept'
      })
    },
    async count({ organizationId, after, limit }) {
      return reading(() => {
        const place = [organizationId, after?.target ?? '', after?.key ?? ''] as const
        const last = lastOf.get(...place, limit - 1) as unknown as RecordPosition | undefined
        if (last !== undefined) return { count: limit, last: { ...last } }
        return { count: Number(countAll.get(...place)!.count), last: null }
      })
    },
    async removeExpired({ now, limit }) {
      return transact(() => Number(removeExpired.run(limit, now).changes))
    },
  }
}
