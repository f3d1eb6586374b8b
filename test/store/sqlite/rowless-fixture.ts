import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after } from 'node:test'
import { ANY_MESSAGE } from '../../../src/core/search/message-filter.ts'
import { openSqliteStore } from '../../../src/store-sqlite/database.ts'
import { rowlessSince } from '../../../src/store-sqlite/deliveries/rowless.ts'
import { type Given, withStore } from '../suite.ts'

const folder = mkdtempSync(join(tmpdir(), 'discue-implied-'))
after(() => rmSync(folder, { recursive: true, force: true }))
let files = 0
export const freshPath = () => join(folder, `${++files}.db`)

/** The files as a process leaves them that dies now. */
export function copied(from: string): string {
  const to = freshPath()
  for (const suffix of ['', '-wal']) if (existsSync(from + suffix)) copyFileSync(from + suffix, to + suffix)
  return to
}

/** Runs `use` with a store in a file; `afterCrash` with what a process finds that comes after one which dies now. */
export async function withFile(
  use: (
    given: Given,
    at: { path: string; afterCrash(use: (given: Given) => Promise<void>): Promise<void> },
  ) => Promise<void>,
): Promise<void> {
  const path = freshPath()
  await withStore(
    () => openSqliteStore(path),
    (given) =>
      use(given, {
        path,
        async afterCrash(then) {
          const store = await openSqliteStore(copied(path))
          try {
            await then({ ...given, store })
          } finally {
            await store.close()
          }
        },
      }),
  )
}

/** A search that has to look for rows of deliveries. */
export function pendingOf(queue: { id: string; organizationId: string }) {
  const filter = { ...ANY_MESSAGE, status: 'pending' as const }
  const range = { from: '', before: '~', limit: 10, examine: 100, examineBytes: 1e6 }
  return { organizationId: queue.organizationId, queueId: queue.id, only: null, filter, ...range, now: 0 }
}

/** Runs `use` with a switch that makes some rows, those of deliveries, as impossible to write as on a full disk. */
export async function withFullDisk(
  use: (disk: { full: boolean }) => Promise<void>,
  writes = /insert.* into deliveries/,
): Promise<void> {
  const disk = { full: false }
  const { prepare } = DatabaseSync.prototype
  DatabaseSync.prototype.prepare = function (sql) {
    const statement = prepare.call(this, sql)
    if (!writes.test(sql)) return statement
    const { run } = statement
    statement.run = (...values: never[]) => {
      if (disk.full) throw Object.assign(new Error('database or disk is full'), { errcode: 13 })
      return run.apply(statement, values as never)
    }
    return statement
  }
  try {
    await use(disk)
  } finally {
    DatabaseSync.prototype.prepare = prepare
  }
}

/** Whether the note in the file says that some delivery may have no row. */
export function isNoted(path: string): boolean {
  const db = new DatabaseSync(path, { readOnly: true })
  try {
    return rowlessSince(db) !== null
  } finally {
    db.close()
  }
}

export function rowsIn(path: string): number {
  const db = new DatabaseSync(path, { readOnly: true })
  try {
    return (db.prepare('select count(*) as rows from deliveries').get() as { rows: number }).rows
  } finally {
    db.close()
  }
}
