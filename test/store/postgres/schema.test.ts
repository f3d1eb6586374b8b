import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { createRuntime } from '../../../src/runtime.ts'
import { openPostgresStore } from '../../../src/store-postgres/database.ts'
import { placeOf, testDatabase } from '../../support/postgres/postgres.ts'
import { silentLog } from '../../support/silent-log.ts'
import { acceptFor, commit, storedFixture } from '../fixture.ts'
import { withStore } from '../suite.ts'

const database = await testDatabase()
const runtime = createRuntime(silentLog)

/** The names that the store has given in a schema, but for those of indexes. */
const OWN_NAMES = `
  select c.relname as name from pg_class c where c.relnamespace = $1::regnamespace and c.relkind in ('r', 'S')
  union select p.proname from pg_proc p where p.pronamespace = $1::regnamespace`

test('every statement says the schema of each name in it, whatever the search_path of a session', async () => {
  await (await database.open(runtime)).close()
  const rows = await database.query<{ name: string }>(OWN_NAMES, ['discue'])
  const names = rows.map(({ name }) => name.replace(/_[0-9a-f]{8}$/, ''))
  assert.ok(names.length > 40, `${names.length} names`)
  const all = `(?:${names.join('|')})`
  // Where only a table can stand, a sequence as an argument, or a routine that is called.
  const bare = [
    `\\b(?:from|join|into|update|using|lock table)\\s+${all}\\b`,
    `val\\('${all}'`,
    `(?<![.\\w])${all}\\((?!\\))`,
  ]
  const found = globSync('src/store-postgres/{**/*.ts,routines/*.sql,migrations/*.sql}').flatMap(unqualified)
  assert.deepEqual(found, [])

  function unqualified(file: string): string[] {
    // The first migrations find their tables by the path that is set for them, and are never changed.
    const number = Number(/migrations\/(\d+)/.exec(file)?.[1] ?? 8)
    if (number < 8) return []
    return statementsIn(readFileSync(file, 'utf8'), file).flatMap((text) => {
      const name = new RegExp(bare.join('|')).exec(text)?.[0]
      return name === undefined ? [] : [`${file}: ${name}`]
    })
  }
})

/** SQL as it is, and of a source the texts that are templates, which every statement is. */
function statementsIn(text: string, file: string): string[] {
  if (file.endsWith('.sql')) return [text.replace(/--.*$/gm, '')]
  return Array.from(text.matchAll(/`([^`]*)`/g), ([, template]) => template!).filter((it) => !it.includes('\n *'))
}

test('a schema of another name holds everything, and the one beside it is another server', async () => {
  const place = { ...placeOf(database.url), schema: 'user' }
  const other = await database.open(runtime)
  await withStore(
    () => openPostgresStore(place, runtime, { clock: 'caller' }),
    async (given) => {
      const { organization, queue } = await storedFixture(given)
      await given.store.organizations.update({
        id: organization.id,
        changes: { limits: { storedMessages: 5 } },
        now: given.now,
      })
      const result = await commit(given, { accepts: [await acceptFor(given, queue)] })
      assert.equal(result.accepts[0]!.outcome, 'accepted')
      assert.equal(await other.organizations.get(organization.id), null)
    },
  )
  await other.close()
  const [counted] = await database.query<{ stored: number }>('select stored::int from "user".message_usage')
  assert.equal(counted!.stored, 1)
  // By a trigger, which runs with the settings of whatever session fires it.
  await database.query('delete from "user".messages')
  const [left] = await database.query<{ stored: number }>('select stored::int from "user".message_usage')
  assert.equal(left!.stored, 0)
})
