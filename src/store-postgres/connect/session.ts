import type pg from 'pg'
import type { Runtime } from '../../runtime.ts'
import { StoreUnavailable } from '../../store/store.ts'
import { DatabaseReadOnly, DatabaseRefused, NoConnectionLeft, reasonOf, translated } from '../errors.ts'
import { openClient } from './client.ts'
import { forSchema } from './schema.ts'
import { SESSION_OPTIONS } from './settings.ts'
import { type PostgresTarget, placeOf } from './target.ts'

/** What a statement is run with: text, whole numbers, truth, nothing, and arrays that `arrays.ts` has written. */
export type Value = string | number | boolean | null

/** Where statements are run, alone or within a transaction. */
export interface Db {
  /** The rows that a statement gives. Statements are constants: each is prepared once a connection. */
  rows<Row>(sql: string, values?: readonly Value[]): Promise<Row[]>
  /** The number of rows that a statement has changed. */
  run(sql: string, values?: readonly Value[]): Promise<number>
}

/** One connection to a server that takes writes. */
export interface Session extends Db {
  /** Text as it is, several statements and none prepared: for migrations. */
  script(sql: string): Promise<void>
  readonly broken: boolean
  /** What the server sends by itself. */
  onNotification(heard: (payload: string) => void): void
  onEnd(ended: () => void): void
  /** Ends it at once, whatever is under way. */
  destroy(): void
  close(): Promise<void>
}

/** Our statements take milliseconds. A server that has not answered by then is cut off, or as good as that. */
const STATEMENT_MS = 10_000
const OLDEST_VERSION = 150_000

const FACTS = `
  select current_setting('server_version_num')::int as version, current_setting('server_encoding') as encoding,
         pg_is_in_recovery() or current_setting('transaction_read_only')::bool as "readOnly",
         current_setting('synchronous_commit') as "synchronousCommit"`

type Host = PostgresTarget['hosts'][number]

interface Facts {
  version: number
  encoding: string
  readOnly: boolean
  synchronousCommit: string
}

/**
 * Connects to the first host that takes writes. Throws `DatabaseReadOnly` where one answers that does not, else
 * `StoreUnavailable`, or `DatabaseRefused` for good.
 */
export async function connect(target: PostgresTarget, runtime: Runtime): Promise<Session> {
  const failures: unknown[] = []
  for (const host of target.hosts) {
    try {
      return await connectTo(target, host, runtime)
    } catch (error) {
      if (error instanceof DatabaseRefused) throw error
      failures.push(error)
    }
  }
  const reasons = failures.map((error, index) => `${placeOf(target.hosts[index]!)}: ${reasonOf(error)}`).join('; ')
  const Kind = [DatabaseReadOnly, NoConnectionLeft].find((kind) => failures.some((error) => error instanceof kind))
  throw new (Kind ?? StoreUnavailable)(`PostgreSQL cannot be reached: ${reasons}`)
}

async function connectTo(target: PostgresTarget, host: Host, runtime: Runtime): Promise<Session> {
  const client = await openClient(target, host, SESSION_OPTIONS)
  const session = sessionOf(client, runtime, forSchema(target.schema))
  try {
    const [facts] = await session.rows<Facts>(FACTS)
    refuseUnfit(facts!)
    // A standby that answers is not a primary that is away, but nothing can be written either way.
    if (facts!.readOnly) throw new DatabaseReadOnly('the server takes no writes')
    // "Acknowledged" means on disk, and on the standby where one is named; nothing weaker is ever used.
    if (['off', 'local'].includes(facts!.synchronousCommit)) await session.script('set synchronous_commit = on')
    return session
  } catch (error) {
    session.destroy()
    throw error
  }
}

/** A statement as the server knows it on one connection. */
interface Statement {
  name: string
  text: string
}

function refuseUnfit({ version, encoding }: Facts): void {
  if (version < OLDEST_VERSION) {
    throw new DatabaseRefused(`PostgreSQL ${Math.floor(version / 10_000)} is too old: discue needs 15 or later`)
  }
  if (encoding !== 'UTF8') throw new DatabaseRefused(`the database must have the encoding UTF8, not ${encoding}`)
}

function sessionOf(client: pg.Client, runtime: Runtime, inSchema: (sql: string) => string): Session {
  const statements = new Map<string, Statement>()
  let broken = false
  /** A cancelled wait for the standby is told as a mere warning, after which the commit counts as done. */
  let unsafe = false
  const ended: (() => void)[] = []
  client.on('end', () => {
    broken = true
    for (const tell of ended) tell()
  })
  client.on('notice', (notice) => {
    if (notice.routine === 'SyncRepWaitForLSN') unsafe = true
  })

  function destroy(): void {
    broken = true
    client.connection.stream.destroy()
  }

  async function run<Result>(work: () => Promise<Result>): Promise<Result> {
    const cancel = runtime.after(STATEMENT_MS, destroy)
    try {
      const result = await work()
      if (unsafe) throw new StoreUnavailable('a commit is on the primary only: waiting for the standby was cut short')
      return result
    } catch (error) {
      const ours = translated(error)
      if (ours instanceof StoreUnavailable) destroy()
      throw ours
    } finally {
      cancel()
    }
  }

  function prepared(sql: string): Statement {
    const known = statements.get(sql)
    if (known !== undefined) return known
    const statement = { name: `s${statements.size + 1}`, text: inSchema(sql) }
    statements.set(sql, statement)
    return statement
  }

  return {
    get broken() {
      return broken
    },
    async rows<Row>(sql: string, values: readonly Value[] = []) {
      const { rows } = await run(() => client.query({ ...prepared(sql), values: [...values] }))
      return rows as Row[]
    },
    async run(sql, values = []) {
      const { rowCount } = await run(() => client.query({ ...prepared(sql), values: [...values] }))
      return rowCount ?? 0
    },
    async script(sql) {
      await run(() => client.query(inSchema(sql)))
    },
    onNotification(heard) {
      client.on('notification', ({ payload }) => heard(payload ?? ''))
    },
    onEnd: (tell) => void ended.push(tell),
    destroy,
    async close() {
      broken = true
      await client.end().catch(() => undefined)
    },
  }
}
