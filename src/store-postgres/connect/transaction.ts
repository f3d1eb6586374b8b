import { StoreUnavailable } from '../../store/store.ts'
import { isWorthAnotherTry } from '../errors.ts'
import type { Pool } from './pool.ts'
import type { Db } from './session.ts'

/** Runs `work` as one synced transaction, or not at all; again where another transaction came in its way. */
type Transact = <Result>(work: (db: Db) => Promise<Result>) => Promise<Result>

/** Where the nouns' stores do their work. */
export interface Database {
  transact: Transact
  /** Several reads of one and the same state. */
  snapshot: Transact
  /** Single statements, each a transaction. */
  db: Db
}

const TRIES = 5

/** Thrown within a transaction: undoes it, and is what `transact` answers with. */
export class GivenUp {
  readonly answer: unknown

  constructor(answer: unknown) {
    this.answer = answer
  }
}

export function createDatabase(pool: Pool): Database {
  const attempt = <Result>(begin: string, work: (db: Db) => Promise<Result>) =>
    again(() =>
      pool.use(async (session) => {
        await session.run(begin)
        try {
          const result = await work(session)
          await session.run('commit')
          return result
        } catch (error) {
          // Where the connection is gone, so is the transaction.
          if (!session.broken) await session.run('rollback')
          if (error instanceof GivenUp) return error.answer as Result
          throw error
        }
      }),
    )
  return {
    transact: (work) => attempt('begin', work),
    snapshot: (work) => attempt('begin isolation level repeatable read read only', work),
    db: {
      rows: (sql, values) => again(() => pool.use((session) => session.rows(sql, values))),
      run: (sql, values) => again(() => pool.use((session) => session.run(sql, values))),
    },
  }
}

/** Deadlocks and their like, a bounded number of times; who was in the way is then done, or was undone. */
export async function again<Result>(work: () => Promise<Result>): Promise<Result> {
  for (let tries = 1; ; tries++) {
    try {
      return await work()
    } catch (error) {
      if (!isWorthAnotherTry(error)) throw error
      if (tries === TRIES) throw new StoreUnavailable(`gave up after ${TRIES} tries: ${(error as Error).message}`)
    }
  }
}
