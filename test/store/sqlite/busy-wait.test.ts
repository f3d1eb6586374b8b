import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type TestContext, test } from 'node:test'
import { BUSY_MS, createBegin, withoutWaiting } from '../../../src/store-sqlite/file/busy-wait.ts'
import { makeFolder } from '../../support/folder.ts'

/** A connection, and another one that can lock the database under it. */
function opened(t: TestContext) {
  const folder = makeFolder()
  const path = join(folder.path, 'busy.db')
  const [db, other] = [new DatabaseSync(path), new DatabaseSync(path)]
  t.after(() => {
    for (const it of [db, other]) it.close()
    folder[Symbol.dispose]()
  })
  db.exec('pragma journal_mode = wal; pragma busy_timeout = 1')
  return { db, other }
}

function waitsMs(db: DatabaseSync): number {
  return (db.prepare('pragma busy_timeout').get() as { timeout: number }).timeout
}

test('work that does not wait leaves the connection waiting as long as before, also where it throws', (t) => {
  const { db } = opened(t)
  for (const ms of [0, 1, BUSY_MS]) {
    db.exec(`pragma busy_timeout = ${ms}`)
    withoutWaiting(db, () => assert.equal(waitsMs(db), 0))
    assert.equal(waitsMs(db), ms)
    assert.throws(() => withoutWaiting(db, () => assert.fail('locked')), /locked/)
    assert.equal(waitsMs(db), ms)
  }
})

test('once a lock was held for too long, transactions wait for no other, also after work in between; the first that succeeds ends that', (t) => {
  const { db, other } = opened(t)
  const begin = createBegin(db)
  other.exec('begin immediate')
  assert.throws(begin, /locked/)
  assert.equal(waitsMs(db), 0)
  withoutWaiting(db, () => undefined)
  assert.throws(begin, /locked/)
  assert.equal(waitsMs(db), 0)
  other.exec('rollback')
  begin()
  assert.equal(waitsMs(db), BUSY_MS)
  db.exec('rollback')
})
