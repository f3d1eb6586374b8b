import type { HeardChange, StoreChange } from '../../store/cluster/changes.ts'
import { OutcomeUnknown, StoreUnavailable } from '../../store/store.ts'
import { ConnectionLost, isWorthAnotherTry } from '../errors.ts'
import type { Pool } from './pool.ts'
import type { Db, Session } from './session.ts'
import type { TransactionKind } from './statements.ts'

/** A transaction under way. */
export interface Transaction extends Db {
  /** What it changes, for those of this process who are told after the commit. */
  readonly changes: StoreChange[]
}

/** Runs `work` as one synced transaction, or not at all; again where another transaction came in its way. */
type Transact = <Result>(work: (on: Transaction) => Promise<Result>) => Promise<Result>

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

/** `committed` is told what a transaction has changed, before its promise resolves. */
export function createDatabase(pool: Pool, committed: (change: HeardChange) => void): Database {
  async function commit(session: Session, changes: readonly StoreChange[]): Promise<void> {
    try {
      await session.end('commit')
    } catch (error) {
      // Written or not, the answer is lost.
      if (changes.length > 0) committed({ kind: 'everything' })
      if (error instanceof ConnectionLost) throw new OutcomeUnknown(error.message, { cause: error })
      throw error
    }
    for (const change of changes) committed(change)
  }

  const attempt = <Result>(kind: TransactionKind, work: (on: Transaction) => Promise<Result>) =>
    again(() =>
      pool.use(async (session) => {
        try {
          await session.begin(kind)
          const on: Transaction = { rows: session.rows, run: session.run, changes: [] }
          const result = await work(on)
          await commit(session, on.changes)
          return result
        } catch (error) {
          // Where the connection is gone, so is the transaction.
          if (!session.broken) await session.end('rollback')
          if (error instanceof GivenUp) return error.answer as Result
          throw error
        }
      }),
    )
  return {
    transact: (work) => attempt('write', work),
    snapshot: (work) => attempt('snapshot', work),
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
