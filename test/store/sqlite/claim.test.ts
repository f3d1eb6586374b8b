import assert from 'node:assert/strict'
import { chmodSync, chownSync, copyFileSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type TestContext, test } from 'node:test'
import { openSqliteStore } from '../../../src/store-sqlite/database.ts'
import { DatabaseRefused } from '../../../src/store-sqlite/errors.ts'
import { makeFolder } from '../../support/server/server-process.ts'

/** Any that is not root's. */
const UNPRIVILEGED = 65_534

function folderOf(t: TestContext): string {
  const folder = makeFolder()
  t.after(() => folder[Symbol.dispose]())
  return folder.path
}

/** Runs as a user whom the system refuses something; root may write everything. */
async function unprivileged<Result>(folder: string, run: () => Promise<Result>): Promise<Result> {
  if (process.geteuid!() !== 0) return run()
  chownSync(folder, UNPRIVILEGED, UNPRIVILEGED)
  process.seteuid!(UNPRIVILEGED)
  try {
    return await run()
  } finally {
    process.seteuid!(0)
  }
}

const refused = (path: string, says: RegExp) =>
  assert.rejects(openSqliteStore(path), (error) => error instanceof DatabaseRefused && says.test(error.message))

/** Another process, such as a backup, that has the database open and reads from it. */
function reading(path: string): DatabaseSync {
  const db = new DatabaseSync(path, { readOnly: true })
  db.exec('begin; select count(*) from notes')
  return db
}

test('a lock that cannot be written locks nothing, and is refused', async (t) => {
  if (process.geteuid!() !== 0) return t.skip('only root can make a file that belongs to another user')
  const folder = folderOf(t)
  const path = join(folder, 'discue.db')
  await unprivileged(folder, async () => writeFileSync(path, '', { mode: 0o644 }))
  writeFileSync(`${path}.lock`, '', { mode: 0o644 })
  await unprivileged(folder, () => refused(path, /the lock \S+ cannot be used: attempt to write a readonly database/))
})

test('a database in a folder that cannot be written is refused, also where its lock is there', async (t) => {
  const folder = folderOf(t)
  const path = join(folder, 'discue.db')
  await unprivileged(folder, async () => {
    await (await openSqliteStore(path)).close()
    for (const suffix of ['-wal', '-shm']) rmSync(path + suffix, { force: true })
    chmodSync(folder, 0o500)
    await refused(path, /cannot be opened/)
    chmodSync(folder, 0o700)
    rmSync(`${path}.lock`)
    chmodSync(folder, 0o500)
    await refused(path, /cannot be opened/)
    chmodSync(folder, 0o700)
    await (await openSqliteStore(path)).close()
  })
})

test('a process that reads the database, a backup say, keeps no server from starting', async (t) => {
  const path = join(folderOf(t), 'discue.db')
  await (await openSqliteStore(path)).close()
  const reader = reading(path)
  t.after(() => reader.close())
  await (await openSqliteStore(path)).close()
})

test('a database of an older version, which recorded no lock, opens beside a reader as it did', async (t) => {
  const path = join(folderOf(t), 'discue.db')
  await (await openSqliteStore(path)).close()
  const old = new DatabaseSync(path)
  old.exec(`delete from notes where name = 'lock'`)
  old.close()
  const reader = reading(path)
  t.after(() => reader.close())
  await (await openSqliteStore(path)).close()
})

test('where the lock is gone a reader may be a server: refused until it has ended, and no lock is left behind', async (t) => {
  const path = join(folderOf(t), 'discue.db')
  await (await openSqliteStore(path)).close()
  const old = new DatabaseSync(path)
  old.exec(`delete from notes where name = 'lock'`)
  old.close()
  rmSync(`${path}.lock`)
  const reader = reading(path)
  for (let attempt = 0; attempt < 2; attempt++) {
    await refused(path, /is open in another process/)
    assert.equal(existsSync(`${path}.lock`), false)
  }
  reader.close()
  await (await openSqliteStore(path)).close()
})

test('a copy of a database, which names the lock of its original, opens while a server has the original open', async (t) => {
  const folder = folderOf(t)
  const path = join(folder, 'discue.db')
  await (await openSqliteStore(path)).close()
  mkdirSync(join(folder, 'copy'))
  const copy = join(folder, 'copy', 'discue.db')
  copyFileSync(path, copy)
  const store = await openSqliteStore(path)
  await (await openSqliteStore(copy)).close()
  await store.close()
})
