import type { DatabaseSync } from 'node:sqlite'
import type { AnswerStore, StoredAnswer } from '../store/answers.ts'
import { reading, type Transact } from './transaction.ts'

const FIND = `
  select organization_id as organizationId, target, key, digest, status, body,
         stored_at as storedAt, expires_at as expiresAt
    from answers where organization_id = ? and target = ? and key = ? and expires_at > ?`

/** Takes the place of one that has expired, as the newest: numbers grow with the time of expiry. */
const INSERT = `
  insert or replace into answers (organization_id, target, key, digest, status, body, stored_at, expires_at)
  values (?, ?, ?, ?, ?, ?, ?, ?)`

/** They all live equally long, so that the oldest expire first, and no index of times is needed. */
const REMOVE_EXPIRED = `
  delete from answers where number in (select number from answers order by number limit ?) and expires_at <= ?`

/** Within a transaction: keeps the answer, or says that there is one already. */
export type KeepAnswer = (answer: StoredAnswer) => 'kept' | 'answered'

export function createKeepAnswer(db: DatabaseSync): KeepAnswer {
  const [find, insert] = [db.prepare(FIND), db.prepare(INSERT)]
  return ({ organizationId, target, key, digest, status, body, storedAt, expiresAt }) => {
    if (find.get(organizationId, target, key, storedAt) !== undefined) return 'answered'
    insert.run(organizationId, target, key, digest, status, body, storedAt, expiresAt)
    return 'kept'
  }
}

export function createAnswerStore(db: DatabaseSync, transact: Transact): AnswerStore {
  const keep = createKeepAnswer(db)
  const [find, removeExpired] = [db.prepare(FIND), db.prepare(REMOVE_EXPIRED)]
  return {
    async find({ organizationId, target, key, now }) {
      const row = reading(() => find.get(organizationId, target, key, now)) as StoredAnswer | undefined
      return row === undefined ? null : { ...row }
    },
    async keep(answer) {
      return transact(() => keep(answer))
    },
    async removeExpired({ now, limit }) {
      return transact(() => Number(removeExpired.run(limit, now).changes))
    },
  }
}
