import assert from 'node:assert/strict'
import { closeSync, existsSync, mkdtempSync, openSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, test as runTest, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Checkpoints, checkpointsAside, PAGES } from '../../../src/store-sqlite/file/checkpoints.ts'
import { createTransact } from '../../../src/store-sqlite/transaction.ts'
import { waitFor } from '../../support/wait-for.ts'

const folder = mkdtempSync(join(tmpdir(), 'discue-checkpoints-'))
after(() => rmSync(folder, { recursive: true, force: true }))
const PAGE_BYTES = 4096

/** What never comes fails, instead of being waited for. */
const test = (name: string, run: (context: TestContext) => Promise<void>) => runTest(name, { timeout: 120_000 }, run)

let files = 0

/** A database whose log is emptied aside, and a commit of a number of pages. */
function opened(context: { after(run: () => Promise<void>): void }, aside = (path: string) => path) {
  const path = join(folder, `${++files}.db`)
  const db = new DatabaseSync(path)
  db.exec('pragma journal_mode = wal; pragma synchronous = full; create table pages (id integer primary key, content)')
  const file = openSync(path, 'r')
  const checkpoints: Checkpoints = checkpointsAside(db, { path: aside(path), file })
  const transact = createTransact(db, checkpoints.committed)
  const insert = db.prepare('insert into pages (content) values (zeroblob(4000))')
  const logState = db.prepare('pragma wal_checkpoint(noop)')
  context.after(async () => {
    await checkpoints.close()
    if (db.isOpen) db.close()
    closeSync(file)
  })
  return {
    path,
    db,
    checkpoints,
    write(pages: number) {
      transact(() => {
        for (let page = 0; page < pages; page++) insert.run()
      })
    },
    waiting() {
      const { log, checkpointed } = logState.get() as { log: number; checkpointed: number }
      return log - checkpointed
    },
    logBytes: () => statSync(`${path}-wal`).size,
  }
}

const until = (condition: () => boolean) => waitFor('a checkpoint', condition)

test('the log is moved into the database beside the commits, which go on', async (context) => {
  const { write, waiting } = opened(context)
  write(PAGES - 100)
  assert.ok(waiting() >= PAGES - 100)
  write(200)
  await until(() => waiting() === 0)
})

test('the log begins anew, however much is written', async (context) => {
  const { write, waiting, logBytes } = opened(context)
  for (let round = 0; round < 5; round++) {
    write(PAGES + 1)
    await until(() => waiting() === 0)
  }
  assert.ok(logBytes() < 2 * PAGES * PAGE_BYTES, `the log has ${logBytes()} bytes`)
})

test('what somebody reads stays in the log, and is moved once that is over', async (context) => {
  const { path, write, waiting } = opened(context)
  const reader = new DatabaseSync(path, { readOnly: true })
  write(1)
  reader.exec('begin')
  reader.prepare('select count(*) from pages').get()
  write(PAGES)
  await sleep(0)
  write(PAGES)
  assert.ok(waiting() >= PAGES)
  reader.exec('commit')
  reader.close()
  await until(() => {
    if (waiting() < PAGES) return true
    write(500)
    return false
  })
})

test('where there is no thread for it, the log is moved at the end of commits', async (context) => {
  const { write, waiting } = opened(context, (path) => join(path, 'no such folder'))
  write(PAGES)
  await until(() => {
    write(500)
    return waiting() === 0
  })
})

test('whoever wants the log empty gets it empty, also while its pages are being moved', async (context) => {
  const { checkpoints, write, logBytes } = opened(context)
  write(2 * PAGES)
  await checkpoints.emptyLog()
  assert.equal(logBytes(), 0)
})

test('closing while pages are being moved loses nothing', async (context) => {
  const { path, db, checkpoints, write } = opened(context)
  write(2 * PAGES)
  await checkpoints.close()
  db.close()
  assert.equal(existsSync(`${path}-wal`), false)
  const again = new DatabaseSync(path)
  const { count } = again.prepare('select count(*) as count from pages').get() as { count: number }
  const check = again.prepare('pragma integrity_check').get()
  again.close()
  assert.equal(count, 2 * PAGES)
  assert.deepEqual({ ...check }, { integrity_check: 'ok' })
})
