type Settings = Readonly<Record<string, string>>

/**
 * Every query of ours goes from row to row by an index, also where a table is new and the planner, which takes it for
 * empty, would rather read all of it.
 */
export const PLANNER_SETTINGS: Settings = {
  enable_seqscan: 'off',
  enable_bitmapscan: 'off',
  enable_hashjoin: 'off',
  enable_mergejoin: 'off',
  enable_indexscan: 'on',
  enable_nestloop: 'on',
  jit: 'off',
  plan_cache_mode: 'auto',
}

/**
 * What a transaction goes by, whatever a role, a database or another application has set. The limits are held on the
 * server's side too: a node that is cut off, or asleep, must not keep other nodes from what it has locked.
 */
const TRANSACTION: Settings = {
  statement_timeout: '9000',
  lock_timeout: '4000',
  idle_in_transaction_session_timeout: '5000',
  // Every name in this store says its schema: nothing of the database's own comes before PostgreSQL's functions.
  search_path: 'pg_catalog',
  array_nulls: 'on',
  transform_null_equals: 'off',
  standard_conforming_strings: 'on',
  datestyle: 'ISO',
  intervalstyle: 'postgres',
  timezone: 'UTC',
  extra_float_digits: '1',
  client_min_messages: 'warning',
  ...PLANNER_SETTINGS,
}

/** What goes by the connection. The keepalives notice a dead peer within 15 s. */
const CONNECTION: Settings = {
  idle_session_timeout: '0',
  default_transaction_isolation: 'read committed',
  default_transaction_deferrable: 'off',
  tcp_keepalives_idle: '5',
  tcp_keepalives_interval: '5',
  tcp_keepalives_count: '2',
}

/** A setting of our own, by which a session shows whether its `options` were read: poolers leave them out. */
export const OPTIONS_READ = 'discue.options_read'

/**
 * What a transaction behind a pooler sets for itself, as statements: what a session sets there outlives it, in a
 * connection that other applications get.
 */
export const LOCAL_SETTINGS = Object.entries(TRANSACTION)
  .map(([name, value]) => `set local ${name} = '${value}'`)
  .join('; ')

/**
 * The start-up parameter `options` of a connection to PostgreSQL itself, where settings come before those of roles and
 * databases (PostgreSQL's documentation, "Parameter Interaction via the Shell").
 */
export const SESSION_OPTIONS = Object.entries({ ...TRANSACTION, ...CONNECTION, [OPTIONS_READ]: 'yes' })
  .map(([name, value]) => `-c ${name}=${value.replaceAll(' ', '\\ ')}`)
  .join(' ')
