/** What can be done with a database without a server on it; like server.ts it may name a concrete store. */
export { migratePostgres } from './store-postgres/migrate.ts'
export { backUpDatabase } from './store-sqlite/file/backup.ts'
export { type Verification, verifyDatabase } from './store-sqlite/file/verify.ts'
