import { fileURLToPath } from 'node:url'
import { type PostgresServer, startPostgres } from './postgres/postgres-server.ts'

// One server for a whole run of tests; each file that needs a database makes its own on it.
let server: PostgresServer | null = null

/** Every file of tests loads the sources: with their types stripped once for all of them, in a third of the time. */
const COMPILE_CACHE = fileURLToPath(new URL('../../node_modules/.cache/discue', import.meta.url))

export async function globalSetup(): Promise<void> {
  process.env.NODE_COMPILE_CACHE ??= COMPILE_CACHE
  if (process.env.DISCUE_TEST_POSTGRES_URL) return
  server = await startPostgres()
  process.env.DISCUE_TEST_POSTGRES_URL = server.urlOf('postgres')
}

export async function globalTeardown(): Promise<void> {
  await server?.remove()
}
