import pg from 'pg'
import type { Runtime } from '../../runtime.ts'
import { StoreUnavailable } from '../../store/store.ts'
import { DatabaseRefused, reasonOf, translated } from '../errors.ts'
import { forSchema } from './schema.ts'
import type { PostgresTarget } from './target.ts'
import { readTypes } from './types.ts'

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

const CONNECT_MS = 5_000
/** Our statements take milliseconds. A server that has not answered by then is cut off, or as good as that. */
const STATEMENT_MS = 10_000
/**
 * Every query of ours goes from row to row by an index, also where a table is new and the planner, which takes it for
 * empty, would rather read all of it.
 */
export const PLANNER_SETTINGS = [
  ...['enable_seqscan=off', 'enable_bitmapscan=off', 'enable_hashjoin=off', 'enable_mergejoin=off', 'jit=off'],
]
/**
 * Held on the server's side too: a node that is cut off, or asleep, must not keep other nodes from what it has locked.
 * The keepalives notice a dead peer within 15 s.
 */
const SERVER_SETTINGS = [
  ...['statement_timeout=9000', 'lock_timeout=4000', 'idle_in_transaction_session_timeout=5000'],
  ...['tcp_keepalives_idle=5', 'tcp_keepalives_interval=5', 'tcp_keepalives_count=2'],
  // Every name in this store says its schema: nothing of the database's own comes before PostgreSQL's functions.
  'search_path=pg_catalog',
  ...PLANNER_SETTINGS,
  ...['timezone=UTC', 'client_min_messages=warning', 'standard_conforming_strings=on'],
]
const OLDEST_VERSION = 150_000

const FACTS = `
  select current_setting('server_version_num')::int as version, current_setting('server_encoding') as encoding,
         pg_is_in_recovery() or current_setting('transaction_read_only')::bool as "readOnly",
         current_setting('synchronous_commit') as "synchronousCommit"`

interface Facts {
  version: number
  encoding: string
  readOnly: boolean
  synchronousCommit: string
}

/** Connects to the first host that takes writes. Throws `StoreUnavailable`, or `DatabaseRefused` for good. */
export async function connect(target: PostgresTarget, runtime: Runtime): Promise<Session> {
  const reasons: string[] = []
  for (const host of target.hosts) {
    try {
      return await connectTo(target, host, runtime)
    } catch (error) {
      if (error instanceof DatabaseRefused) throw error
      reasons.push(`${host.host}:${host.port}: ${reasonOf(error)}`)
    }
  }
  throw new StoreUnavailable(`PostgreSQL cannot be reached: ${reasons.join('; ')}`)
}

async function connectTo(target: PostgresTarget, host: PostgresTarget['hosts'][number], runtime: Runtime) {
  const client = await openClient(target, host)
  const session = sessionOf(client, runtime, forSchema(target.schema))
  try {
    const [facts] = await session.rows<Facts>(FACTS)
    refuseUnfit(facts!)
    // A standby that answers is not a primary that is away, but nothing can be written either way.
    if (facts!.readOnly) throw new StoreUnavailable('the server takes no writes')
    // "Acknowledged" means on disk, and on the standby where one is named; nothing weaker is ever used.
    if (['off', 'local'].includes(facts!.synchronousCommit)) await session.script('set synchronous_commit = on')
    return session
  } catch (error) {
    session.destroy()
    throw error
  }
}

async function openClient(target: PostgresTarget, host: PostgresTarget['hosts'][number]): Promise<pg.Client> {
  try {
    return await tryClient(target, host, target.tls.mode !== 'disable')
  } catch (error) {
    const refusesTls = /does not support SSL/.test(reasonOf(error))
    if (target.tls.mode !== 'prefer' || !refusesTls) throw error
    return tryClient(target, host, false)
  }
}

async function tryClient(target: PostgresTarget, { host, port }: PostgresTarget['hosts'][number], tls: boolean) {
  const { user, database, passwordFor } = target
  const client = new pg.Client({
    ...{ host, port, user, database, application_name: target.applicationName },
    // Asked for only where the server wants one, and never kept where an error could show it.
    password: () => passwordFor(host, port),
    ssl: tls ? target.tls.optionsFor(host) : false,
    options: SERVER_SETTINGS.map((setting) => `-c ${setting}`).join(' '),
    connectionTimeoutMillis: CONNECT_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: 5_000,
    types: { getTypeParser: readTypes },
  })
  // The caller of a statement is told by its rejection; an error between two statements ends the session.
  client.on('error', () => undefined)
  await client.connect()
  return client
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
