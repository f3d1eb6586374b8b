import type pg from 'pg'
import type { Runtime } from '../../runtime.ts'
import { StoreUnavailable } from '../../store/store.ts'
import {
  type Backend,
  ConnectionLost,
  DatabaseReadOnly,
  DatabaseRefused,
  isAnswer,
  NoConnectionLeft,
  reasonOf,
  translated,
} from '../errors.ts'
import { openClient } from './client.ts'
import { forSchema } from './schema.ts'
import { OPTIONS_READ, SESSION_OPTIONS } from './settings.ts'
import { directStatements, pooledStatements, type Statements, type TransactionKind, type Value } from './statements.ts'
import { type PostgresTarget, placeOf } from './target.ts'

export type { Value }

/** Where statements are run, alone or within a transaction. */
export interface Db {
  /** The rows that a statement gives. Statements are constants: each is prepared once a connection. */
  rows<Row>(sql: string, values?: readonly Value[]): Promise<Row[]>
  /** The number of rows that a statement has changed. */
  run(sql: string, values?: readonly Value[]): Promise<number>
}

/** One connection to a server that takes writes. */
export interface Session extends Db {
  begin(kind: TransactionKind): Promise<void>
  end(how: 'commit' | 'rollback'): Promise<void>
  /** Text as it is, several statements and none prepared: for migrations. Cut off after `limitMs`, 10 s if not said. */
  script(sql: string, limitMs?: number): Promise<void>
  /** Whether a pooler answers: nothing lasts longer than a transaction there, and no notification comes. */
  readonly pooled: boolean
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
         current_setting('synchronous_commit') as "synchronousCommit",
         pg_backend_pid() as pid,
         (select backend_start::text from pg_stat_activity where pid = pg_backend_pid()) as "startedAt",
         current_setting('session_replication_role') as role,
         current_setting('${OPTIONS_READ}', true) is not distinct from 'yes' as "optionsRead"`

type Host = PostgresTarget['hosts'][number]

interface Facts {
  version: number
  encoding: string
  readOnly: boolean
  synchronousCommit: string
  pid: number
  startedAt: string
  /** `replica` would leave out our triggers. */
  role: string
  optionsRead: boolean
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
  if (!target.poolers.has(host)) {
    const session = await connectDirectly(target, host, runtime)
    if (session !== null) return session
    // Whatever answers here next is spoken to as a pooler, with which PostgreSQL itself agrees as well.
    target.poolers.add(host)
  }
  const client = await openClient(target, host, null)
  return usable(client, async () => {
    const facts = await factsOf(client)
    const statements = pooledStatements(client, forSchema(target.schema), durable(facts.synchronousCommit))
    const session = sessionOf(client, runtime, statements, null)
    await proveTransactions(client, session)
    return session
  })
}

/** Null where a pooler answers instead of PostgreSQL: it refuses start-up options, or leaves them out. */
async function connectDirectly(target: PostgresTarget, host: Host, runtime: Runtime): Promise<Session | null> {
  const client = await openClient(target, host, SESSION_OPTIONS).catch((error: unknown) => {
    if (/unsupported startup parameter/.test(reasonOf(error))) return null
    throw error
  })
  if (client === null) return null
  return usable(client, async () => {
    const facts = await factsOf(client)
    const backend = { pid: facts.pid, startedAt: facts.startedAt }
    const session = sessionOf(client, runtime, directStatements(client, forSchema(target.schema)), backend)
    if (!facts.optionsRead) {
      await session.close()
      return null
    }
    const { synchronousCommit } = facts
    const commits = durable(synchronousCommit)
    if (commits !== synchronousCommit) await session.script(`set synchronous_commit = ${commits}`)
    return session
  })
}

async function usable<Result>(client: pg.Client, use: () => Promise<Result>): Promise<Result> {
  try {
    return await use()
  } catch (error) {
    client.connection.stream.destroy()
    throw translated(error)
  }
}

/** Asked without a prepared statement, since a pooler may answer. Throws where the server cannot be worked with. */
async function factsOf(client: pg.Client): Promise<Facts> {
  const facts = (await client.query<Facts>(FACTS)).rows[0]!
  const { version, encoding, readOnly, role } = facts
  if (version < OLDEST_VERSION) {
    throw new DatabaseRefused(`PostgreSQL ${Math.floor(version / 10_000)} is too old: discue needs 15 or later`)
  }
  if (encoding !== 'UTF8') throw new DatabaseRefused(`the database must have the encoding UTF8, not ${encoding}`)
  if (role !== 'origin') {
    throw new DatabaseRefused(`session_replication_role must be origin, not ${role}: triggers would not run`)
  }
  // A standby that answers is not a primary that is away, but nothing can be written either way.
  if (readOnly) throw new DatabaseReadOnly('the server takes no writes')
  return facts
}

/** "Acknowledged" means on disk, and on the standby where one is named; nothing weaker is ever used. */
function durable(synchronousCommit: string): string {
  return ['off', 'local'].includes(synchronousCommit) ? 'on' : synchronousCommit
}

const HOLDS = `select current_setting('enable_seqscan') = 'off' as holds`

/** That what a transaction sets holds until its end. A pooler of single statements lets no transaction begin. */
async function proveTransactions(client: pg.Client, session: Session): Promise<void> {
  try {
    // Each by itself: such a pooler answers and hangs up, and its answer is lost where more is being written to it by then.
    await client.query('begin')
    await client.query('rollback')
    const [row] = await session.rows<{ holds: boolean }>(HOLDS)
    if (row!.holds) return
  } catch (error) {
    if (!/statement pooling/.test(reasonOf(error))) throw error
  }
  throw new DatabaseRefused('the pooler keeps no transaction together: set pool_mode to transaction or session')
}

/** `backend` is null behind a pooler. */
function sessionOf(client: pg.Client, runtime: Runtime, statements: Statements, backend: Backend): Session {
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

  async function run<Result>(work: () => Promise<Result>, limitMs = STATEMENT_MS): Promise<Result> {
    const cancel = runtime.after(limitMs, destroy)
    try {
      const result = await work()
      if (unsafe) throw new StoreUnavailable('a commit is on the primary only: waiting for the standby was cut short')
      return result
    } catch (error) {
      const ours = translated(error)
      if (!(ours instanceof StoreUnavailable)) throw ours
      destroy()
      if (isAnswer(error) && !unsafe) throw ours
      throw new ConnectionLost(ours.message, backend, { cause: error })
    } finally {
      cancel()
    }
  }

  return {
    get broken() {
      return broken
    },
    async rows<Row>(sql: string, values: readonly Value[] = []) {
      const { rows } = await run(() => statements.query(sql, values))
      return rows as Row[]
    },
    async run(sql, values = []) {
      const { rowCount } = await run(() => statements.query(sql, values))
      return rowCount ?? 0
    },
    begin: (kind) => run(() => statements.begin(kind)),
    end: (how) => run(() => statements.end(how)),
    async script(sql, limitMs) {
      await run(() => client.query(sql), limitMs)
    },
    pooled: backend === null,
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
