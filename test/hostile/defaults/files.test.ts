import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { backUpDatabase } from '../../../src/store-sqlite/file/backup.ts'
import { openThreadedSqliteStore } from '../../../src/store-sqlite/thread/threaded.ts'
import { makeFolder } from '../../support/server/server-process.ts'

/** A folder of its own while nothing but the code itself decides what other users of the machine may read. */
function withoutUmask(t: TestContext): string {
  const folder = makeFolder()
  const before = process.umask(0)
  t.after(() => {
    process.umask(before)
    folder[Symbol.dispose]()
  })
  return join(folder.path, 'data')
}

function modesIn(folder: string): Record<string, string> {
  const modeOf = (name: string) => (statSync(join(folder, name)).mode & 0o777).toString(8)
  return Object.fromEntries(readdirSync(folder).map((name) => [name, modeOf(name)]))
}

test('every file that a database consists of, its lock and its backup are for their owner alone', async (t) => {
  const folder = withoutUmask(t)
  const store = await openThreadedSqliteStore(join(folder, 'discue.db'))
  try {
    await backUpDatabase(join(folder, 'discue.db'), join(folder, 'copy.db'))
    const modes = modesIn(folder)
    for (const name of ['discue.db', 'discue.db-wal', 'discue.db-shm', 'discue.db.lock', 'copy.db']) {
      assert.ok(name in modes, `${name} is among ${Object.keys(modes)}`)
    }
    assert.deepEqual(new Set(Object.values(modes)), new Set(['600']), JSON.stringify(modes))
    assert.equal((statSync(folder).mode & 0o777).toString(8), '700')
  } finally {
    await store.close()
  }
})

test('a lock that everybody could open, as older versions made it, gets the mode of its database', async (t) => {
  const folder = withoutUmask(t)
  const path = join(folder, 'discue.db')
  await (await openThreadedSqliteStore(path)).close()
  chmodSync(`${path}.lock`, 0o666)
  await (await openThreadedSqliteStore(path)).close()
  assert.equal(modesIn(folder)['discue.db.lock'], '600')
})

test('where the operator has let a group read the database, the lock follows', async (t) => {
  const folder = withoutUmask(t)
  const path = join(folder, 'discue.db')
  mkdirSync(folder)
  writeFileSync(path, '')
  chmodSync(path, 0o640)
  const store = await openThreadedSqliteStore(path)
  try {
    assert.deepEqual(new Set(Object.values(modesIn(folder))), new Set(['640']))
  } finally {
    await store.close()
  }
})
