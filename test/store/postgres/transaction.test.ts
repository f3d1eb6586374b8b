// What a transaction's followers hear when it is undone, done again, or of no known end; with a session of the test's.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { StoreUnavailable } from '../../../src/store/store.ts'
import type { Pool } from '../../../src/store-postgres/connect/pool.ts'
import type { Session } from '../../../src/store-postgres/connect/session.ts'
import { createDatabase } from '../../../src/store-postgres/connect/transaction.ts'
import { DatabaseError } from '../../../src/store-postgres/errors.ts'

const change = (digest: string) => ({ kind: 'api_key', digest }) as const

/** A database whose transactions change nothing; `end` may fail. */
function databaseOf(end: (how: 'commit' | 'rollback') => void = () => undefined) {
  const heard: unknown[] = []
  const session: Pick<Session, 'broken' | 'rows' | 'run' | 'begin' | 'end'> = {
    broken: false,
    rows: async () => [],
    run: async () => 0,
    begin: async () => undefined,
    end: async (how) => end(how),
  }
  const pool: Pick<Pool, 'use'> = { use: (work) => work(session as Session) }
  return { heard, ...createDatabase(pool as Pool, (it) => void heard.push(it)) }
}

test('a transaction tells what it has changed before its promise resolves, and in that order', async () => {
  const { transact, heard } = databaseOf((how) => {
    if (how === 'commit') assert.deepEqual(heard, [], 'told before it is on disk')
  })
  await transact(async (on) => void on.changes.push(change('a'), change('b')))
  assert.deepEqual(heard, [change('a'), change('b')])
})

test('a transaction that is undone tells nothing, and one that is done again tells once', async () => {
  const { transact, heard } = databaseOf()
  const undone = transact(async (on) => {
    on.changes.push(change('a'))
    throw new Error('undone')
  })
  await assert.rejects(undone, /undone/)
  assert.deepEqual(heard, [])
  let tries = 0
  await transact(async (on) => {
    on.changes.push(change('b'))
    if (tries++ === 0) throw new DatabaseError('40P01', 'deadlock detected')
  })
  assert.deepEqual(heard, [change('b')])
})

test('where the answer to a commit is lost, anything may have changed', async () => {
  const { transact, heard } = databaseOf((how) => {
    if (how === 'commit') throw new StoreUnavailable('the connection is lost')
  })
  await assert.rejects(
    transact(async (on) => void on.changes.push(change('a'))),
    StoreUnavailable,
  )
  assert.deepEqual(heard, [{ kind: 'everything' }])
  heard.length = 0
  // Nothing that is kept in memory.
  await assert.rejects(
    transact(async () => undefined),
    StoreUnavailable,
  )
  assert.deepEqual(heard, [])
})
