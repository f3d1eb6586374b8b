import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { deletePicked } from '../../../src/store-postgres/listing.ts'
import { testDatabase } from '../../support/postgres/postgres.ts'

const database = await testDatabase()
const SOURCES = join(import.meta.dirname, '..', '..', '..', 'src', 'store-postgres')

describe('removing some rows of many', () => {
  test('takes no more than asked, also where the planner believes that there is one row', async () => {
    await database.query('create schema removing')
    await database.query('create table removing.rows (number integer primary key)')
    await database.query('insert into removing.rows values (1)')
    await database.query('analyze removing.rows')
    await database.query('insert into removing.rows select generate_series(2, 20)')
    const picked = 'select number from removing.rows order by number limit $1 for update skip locked'
    await database.query(deletePicked('removing.rows', 'number', picked), [3])
    const left = await database.query<{ number: number }>('select number from removing.rows order by number')
    assert.deepEqual(
      left.map(({ number }) => number),
      Array.from({ length: 17 }, (_, i) => i + 4),
    )
  })

  test('no statement selects with a limit inside `in (…)`, which may run once for each row', () => {
    const files = globSync('**/*.{ts,sql}', { cwd: SOURCES }).filter((path) => !path.startsWith('migrations/'))
    const found = files.filter((path) =>
      /\bin\s*\(\s*select\b[^()]*(\([^()]*\)[^()]*)*\blimit\b/i.test(readFileSync(join(SOURCES, path), 'utf8')),
    )
    assert.ok(files.length > 50)
    assert.deepEqual(found, [])
  })
})
