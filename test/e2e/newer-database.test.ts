import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { openSqliteStore } from '../../src/store-sqlite/database.ts'
import { testDatabase } from '../support/postgres/postgres.ts'
import { makeFolder, runUntilExit, startServerProcess } from '../support/server/server-process.ts'

/** Starts this version on a database that one with a migration more has brought up to date. */
async function expectRefused(url: string): Promise<void> {
  const { code, stdout, stderr } = await runUntilExit({ DISCUE_DATABASE_URL: url })
  assert.equal(code, 1)
  assert.equal(stdout, '')
  assert.match(stderr, /^discue: the database [^\n]*was made by a newer version of discue\n$/)
}

test('sqlite: a database of a newer version is refused with one line, and left as it is', async () => {
  using folder = makeFolder()
  const path = join(folder.path, 'discue.db')
  await (await openSqliteStore(path)).close()
  const db = new DatabaseSync(path)
  const { user_version: newest } = db.prepare('pragma user_version').get() as { user_version: number }
  db.exec(`pragma user_version = ${newest + 1}`)
  await expectRefused(`sqlite:${path}`)
  assert.equal(db.prepare('pragma user_version').get()!.user_version, newest + 1)
  db.close()
})

test('postgres: a database of a newer version is refused with one line, and left as it is', async () => {
  const database = await testDatabase()
  const server = await startServerProcess({ DISCUE_DATABASE_URL: database.url })
  await server.end('SIGTERM')
  await database.query(
    `insert into discue.migrations (number, name) select max(number) + 1, 'newer' from discue.migrations`,
  )
  await expectRefused(database.url)
  const [newest] = await database.query<{ name: string }>(
    'select name from discue.migrations order by number desc limit 1',
  )
  assert.equal(newest!.name, 'newer')
})
