import type pg from 'pg'
import { LOCAL_SETTINGS } from './settings.ts'

/** What a statement is run with: text, whole numbers, truth, nothing, and arrays that `arrays.ts` has written. */
export type Value = string | number | boolean | null

/** What a transaction is for: to write, or to read one and the same state several times. */
export type TransactionKind = 'write' | 'snapshot'

/** How statements reach the server over one connection. */
export interface Statements {
  /** Within the transaction that was begun, or else as one of its own. */
  query(sql: string, values: readonly Value[]): Promise<pg.QueryResult>
  begin(kind: TransactionKind): Promise<void>
  end(how: 'commit' | 'rollback'): Promise<void>
}

type InSchema = (sql: string) => string

const BEGIN: Record<TransactionKind, string> = {
  write: 'begin',
  snapshot: 'begin isolation level repeatable read read only',
}

/**
 * On a connection to PostgreSQL itself: each statement is prepared once. Settings came with the connection, the level of
 * isolation among them.
 */
export function directStatements(client: pg.Client, inSchema: InSchema): Statements {
  const prepared = new Map<string, { name: string; text: string }>()

  function statementOf(sql: string): { name: string; text: string } {
    const known = prepared.get(sql)
    if (known !== undefined) return known
    const statement = { name: `s${prepared.size + 1}`, text: inSchema(sql) }
    prepared.set(sql, statement)
    return statement
  }

  const query: Statements['query'] = (sql, values) => client.query({ ...statementOf(sql), values: [...values] })
  return {
    query,
    begin: async (kind) => void (await query(BEGIN[kind], [])),
    end: async (how) => void (await query(how, [])),
  }
}

/**
 * Behind a pooler, which may give each transaction another connection to PostgreSQL: no statement is prepared, and each
 * transaction brings its settings along. One of a single statement is sent in one go, begin and commit around it
 * (`client` is pipelined), so that it takes one round trip as well.
 */
export function pooledStatements(client: pg.Client, inSchema: InSchema, synchronousCommit: string): Statements {
  const settings = `${LOCAL_SETTINGS}; set local synchronous_commit = ${synchronousCommit}`
  let open = false

  async function alone(text: string, values: readonly Value[]): Promise<pg.QueryResult> {
    const steps = [
      client.query(`begin isolation level read committed; ${settings}`),
      client.query({ text, values: [...values] }),
      client.query('commit'),
    ] as const
    const outcomes = await Promise.allSettled(steps)
    // What failed first is why: the rest was refused because of it.
    const failed = outcomes.find((outcome) => outcome.status === 'rejected')
    if (failed !== undefined) throw failed.reason
    return steps[1]
  }

  return {
    query: (sql, values) =>
      open ? client.query({ text: inSchema(sql), values: [...values] }) : alone(inSchema(sql), values),
    async begin(kind) {
      open = true
      await client.query(`${kind === 'write' ? 'begin isolation level read committed' : BEGIN[kind]}; ${settings}`)
    },
    async end(how) {
      open = false
      await client.query(how)
    },
  }
}
