import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { openSqliteStore } from '../../../src/store-sqlite/database.ts'
import { connect, emptyImage } from '../../../src/store-sqlite/file/connection.ts'
import { makeFolder } from '../../support/folder.ts'
import { openMemoryStore } from '../../support/memory-store.ts'
import { createMake } from '../make.ts'

const TABLES = `select type, name, tbl_name, sql from sqlite_schema order by type, name`
const PRAGMAS = ['user_version', 'application_id', 'foreign_keys', 'cache_size', 'secure_delete']

/** Tables, settings, and what the migrations have written. */
function contentsOf(db: DatabaseSync) {
  const tables = db.prepare(TABLES).all()
  const names = tables.filter(({ type }) => type === 'table').map(({ name }) => String(name))
  return {
    tables,
    pragmas: PRAGMAS.map((name) => db.prepare(`pragma ${name}`).get()),
    rows: names.map((name) => [name, db.prepare(`select * from "${name}"`).all()]),
  }
}

test('a database in memory that begins as an image is as one that ran the migrations, and writes as that does', () => {
  const [migrated, imaged] = [connect(':memory:'), connect(':memory:', emptyImage())]
  assert.ok(contentsOf(migrated.db).tables.length > 20)
  assert.deepEqual(contentsOf(imaged.db), contentsOf(migrated.db))
  const journal = ({ db }: typeof imaged) => db.prepare('pragma journal_mode').get()
  assert.deepEqual(journal(imaged), journal(migrated))
  migrated.close()
  imaged.close()
})

test('its tables are those of a file', async () => {
  using folder = makeFolder()
  const path = join(folder.path, 'discue.db')
  await (await openSqliteStore(path)).close()
  const file = new DatabaseSync(path, { readOnly: true })
  const imaged = connect(':memory:', emptyImage())
  assert.deepEqual(contentsOf(imaged.db).tables, contentsOf(file).tables)
  imaged.close()
  file.close()
})

test('stores that begin as the same image share nothing', async () => {
  const [one, other] = [await openMemoryStore(), await openMemoryStore()]
  const make = createMake()
  const organization = make.organization({ root: true })
  assert.equal(await one.organizations.create(organization, make.ownerKey(organization)), 'created')
  assert.deepEqual(await one.organizations.findRoot(), organization)
  assert.equal(await other.organizations.findRoot(), null)
})
