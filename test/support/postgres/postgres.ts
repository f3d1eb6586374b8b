import { after } from 'node:test'
import pg from 'pg'
import { readPostgresUrl } from '../../../src/config/postgres-url.ts'
import type { Runtime } from '../../../src/runtime.ts'
import type { Store } from '../../../src/store/store.ts'
import { openPostgresStore, type PostgresOptions } from '../../../src/store-postgres/database.ts'
import { type PostgresServer, startPostgres } from './postgres-server.ts'

/** A database of its own for the tests of one file, on the server of the whole run, or one that is started for them. */
export interface TestDatabase {
  url: string
  /** Runs a statement beside the store. */
  query<Row>(sql: string, values?: unknown[]): Promise<Row[]>
  /** Empties every table, and opens a store; as `open`. */
  openEmpty(runtime: Runtime, options?: PostgresOptions): Promise<Store>
  /** Opens a store, which is closed before the database is removed, where the test has not done so. */
  open(runtime: Runtime, options?: PostgresOptions): Promise<Store>
}

const CLEAR = `
  do $$ declare name text; begin
    for name in select tablename from pg_tables where schemaname = 'discue' and tablename <> 'migrations' loop
      execute format('delete from discue.%I', name);
    end loop;
  end $$`

/** Call it at the top of a file; everything is removed after its last test. */
export async function testDatabase(): Promise<TestDatabase> {
  const own = process.env.DISCUE_TEST_POSTGRES_URL ? null : await startPostgres()
  const name = `discue_test_${process.pid}_${Math.floor(Math.random() * 1e9)}`
  const server = process.env.DISCUE_TEST_POSTGRES_URL ?? own!.urlOf('postgres')
  await administer(server, `create database ${name} template template0 encoding 'UTF8'`)
  const url = withDatabase(server, name)
  const client = new pg.Client({ connectionString: url, options: '-c search_path=discue' })
  client.on('error', () => undefined)
  await client.connect()
  const stores = new Set<Store>()
  after(async () => {
    // Hooks run in the order in which they were told: one of the file itself would come too late.
    await Promise.all(Array.from(stores, (store) => store.close()))
    await dispose(client, server, name, own)
  })
  const open: TestDatabase['open'] = async (runtime, options) => {
    const opened = await openPostgresStore(placeOf(url), runtime, options)
    const store: Store = {
      ...opened,
      close() {
        stores.delete(store)
        return opened.close()
      },
    }
    stores.add(store)
    return store
  }
  return {
    url,
    open,
    async query(sql, values = []) {
      return (await client.query(sql, values)).rows
    },
    async openEmpty(runtime, options) {
      await client.query(CLEAR)
      return open(runtime, options)
    },
  }
}

async function dispose(client: pg.Client, server: string, name: string, own: PostgresServer | null): Promise<void> {
  await client.end()
  if (own === null) await administer(server, `drop database ${name} with (force)`)
  else await own.remove()
}

async function administer(server: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: server })
  await client.connect()
  await client.query(sql)
  await client.end()
}

function withDatabase(server: string, name: string): string {
  const url = new URL(server)
  url.pathname = `/${name}`
  // Each connection would else ask for TLS first, on a connection of its own, of which PostgreSQL makes a process.
  if (!url.searchParams.has('sslmode')) url.searchParams.set('sslmode', 'disable')
  return url.href
}

/** The place that a URL names. */
export function placeOf(url: string) {
  const place = readPostgresUrl(url)
  if (typeof place === 'string') throw new Error(place)
  return place
}
