import { StoreUnavailable } from '../store/store.ts'

/** The database cannot be used at all; the message is for the operator who starts the server, and holds no secret. */
export class DatabaseRefused extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'DatabaseRefused'
  }
}

/** A server answers, and takes no writes: a standby, which may be promoted, or a database that was set to read-only. */
export class DatabaseReadOnly extends StoreUnavailable {}

/** The backend that a connection led to, by what no other one ever has; null behind a pooler, which may change it. */
export type Backend = { pid: number; startedAt: string } | null

/** The connection was lost before the answer came: what was asked for may have been done, or may be yet. */
export class ConnectionLost extends StoreUnavailable {
  readonly backend: Backend

  constructor(message: string, backend: Backend, options?: ErrorOptions) {
    super(message, options)
    this.backend = backend
  }
}

/** The server, or the role, has no connection left to give. */
export class NoConnectionLeft extends StoreUnavailable {}

/**
 * An error of PostgreSQL's that is a fault of this program. It says code and message: the rest of what the server
 * tells, such as the row that failed, may hold secrets and must not get into a log.
 */
export class DatabaseError extends Error {
  readonly code: string
  readonly constraint: string | null
  /** What a routine of ours wants the caller to know; of any other error empty. */
  readonly refusal: string

  constructor(code: string, message: string, { constraint = null as string | null, refusal = '' } = {}) {
    super(`PostgreSQL ${code}: ${message}`)
    this.name = 'DatabaseError'
    this.code = code
    this.constraint = constraint
    this.refusal = refusal
  }
}

/** What our routines raise to undo their transaction and tell why; user-defined codes begin with letters from I on. */
const REFUSED = 'XD001'

const TOO_MANY_CONNECTIONS = '53300'
const UNIQUE_VIOLATION = '23505'
/** Serialization failure, deadlock, and a lock that took too long: the same work may succeed the next time. */
const AGAIN: ReadonlySet<string> = new Set(['40001', '40P01', '55P03'])

/**
 * Classes of SQLSTATE (postgresql.org/docs/current/errcodes-appendix.html) that speak of the moment or the server:
 * connection, insufficient resources, operator intervention, system error, corruption; and single codes: a standby
 * that takes no writes, a cancelled statement, a transaction that was idle for too long.
 */
const AWAY = /^(08|53|57|58|XX001|XX002|25006|25P03)/
/** Wrong password or user, unknown database, no right to something: fatal at the start, an outage later. */
const REJECTED = /^(28|3D000|42501)/

interface ServerError {
  code: string
  message: string
  detail?: string
  constraint?: string
}

/** Whether the same transaction may be tried again. */
export function isWorthAnotherTry(error: unknown): boolean {
  return error instanceof DatabaseError && AGAIN.has(error.code)
}

/** What pg throws as one of ours: `StoreUnavailable` where the database is away, else `DatabaseError`. */
export function translated(error: unknown): unknown {
  if (error instanceof StoreUnavailable || error instanceof DatabaseError || error instanceof DatabaseRefused)
    return error
  if (!isServerError(error)) return away(error)
  const { code, message, detail, constraint } = error
  if (code === TOO_MANY_CONNECTIONS) return new NoConnectionLeft(`PostgreSQL ${code}: ${message}`)
  if (AWAY.test(code) || REJECTED.test(code)) return new StoreUnavailable(`PostgreSQL ${code}: ${message}`)
  return new DatabaseError(code, message, { constraint, refusal: code === REFUSED ? detail : '' })
}

/** Why a try to connect failed, as a sentence without a secret. */
export function reasonOf(error: unknown): string {
  return error instanceof Error
    ? error.message || String((error as { code?: unknown }).code ?? error.name)
    : String(error)
}

/** Anything that is no answer of the server comes from the connection: a socket, a name, TLS, or pg itself. */
function away(error: unknown): unknown {
  if (error instanceof TypeError || error instanceof RangeError || error instanceof ReferenceError) return error
  return new StoreUnavailable(`PostgreSQL cannot be reached: ${reasonOf(error)}`)
}

/** Whether the server let this login not in by `pg_hba.conf`, where an encrypted connection may make a difference. */
export function isRefusedByAddress(error: unknown): boolean {
  return isServerError(error) && error.code === '28000'
}

/** Whether it is what the server said, and not what happened to the connection. */
export function isAnswer(error: unknown): boolean {
  return isServerError(error)
}

function isServerError(error: unknown): error is ServerError {
  const { code, severity } = error as { code?: unknown; severity?: unknown }
  return typeof code === 'string' && typeof severity === 'string'
}

/** What `work` gives, or `name_taken` where another row has the name already. */
export async function unlessTaken<Result>(work: () => Promise<Result>): Promise<Result | 'name_taken'> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof DatabaseError && error.code === UNIQUE_VIOLATION && error.constraint?.endsWith('_name')) {
      return 'name_taken'
    }
    throw error
  }
}
