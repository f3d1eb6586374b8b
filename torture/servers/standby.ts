import pg from 'pg'
import { type PostgresServer, startPostgres } from '../../test/support/postgres/postgres-server.ts'
import { until } from '../run/clock.ts'

const PATIENT_RESTART = { wal_retrieve_retry_interval: '200ms' }

/** Runs one statement as the database's owner, over a connection of its own. */
export async function administer(server: PostgresServer, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: server.urlOf('postgres') })
  client.on('error', () => undefined)
  await client.connect()
  try {
    return (await client.query(sql)).rows
  } finally {
    await client.end()
  }
}

/** A server that follows the primary, which from then on commits nothing that is not on both. */
export async function startStandby(primary: PostgresServer): Promise<PostgresServer> {
  const from = `host=127.0.0.1 port=${primary.port} user=postgres application_name=standby`
  const standby = await startPostgres({
    durable: true,
    settings: PATIENT_RESTART,
    prepare: (folder, run) => run('pg_basebackup', '-D', folder, '-d', from, '-R', '-X', 'stream', '-c', 'fast'),
  })
  await administer(primary, `alter system set synchronous_standby_names = 'standby'`)
  await administer(primary, 'select pg_reload_conf()')
  const follows = async () => {
    const [row] = await administer(primary, 'select sync_state from pg_stat_replication')
    return row?.sync_state === 'sync'
  }
  if (!(await until(follows))) throw new Error('the standby never followed')
  return standby
}
