/** What can be done with a database without a server on it; like server.ts it may name a concrete store. */
export { backUpDatabase } from './store-sqlite/backup.ts'
export { type Verification, verifyDatabase } from './store-sqlite/verify.ts'
