import { type PostgresServer, startPostgres } from './postgres-server.ts'

// One server for a whole run of tests; each file that needs a database makes its own on it.
let server: PostgresServer | null = null

export async function globalSetup(): Promise<void> {
  if (process.env.DISCUE_TEST_POSTGRES_URL) return
  server = await startPostgres()
  process.env.DISCUE_TEST_POSTGRES_URL = server.urlOf('postgres')
}

export async function globalTeardown(): Promise<void> {
  await server?.remove()
}
