import assert from 'node:assert/strict'
import { after, suite, test } from 'node:test'
import pg from 'pg'
import { createRuntime } from '../../../../src/runtime.ts'
import type { HeardChange } from '../../../../src/store/cluster/changes.ts'
import type { Store } from '../../../../src/store/store.ts'
import { openPostgresStore } from '../../../../src/store-postgres/database.ts'
import { DatabaseRefused } from '../../../../src/store-postgres/errors.ts'
import { createLoggedLines } from '../../../support/manual-runtime.ts'
import { findPgBouncer, NO_PGBOUNCER, startPgBouncer } from '../../../support/postgres/pgbouncer.ts'
import { placeOf, testDatabase } from '../../../support/postgres/postgres.ts'
import { silentLog } from '../../../support/silent-log.ts'
import { waitFor } from '../../../support/wait-for.ts'
import { acceptFor, commit, storedFixture, storedOrganization } from '../../fixture.ts'
import { createMake, NOW } from '../../make.ts'
import { withStore } from '../../suite.ts'

const runtime = createRuntime(silentLog)

/** Two connections to PostgreSQL for all that come: which of them a transaction gets is not the same each time. */
const FEW = { default_pool_size: 2, min_pool_size: 2 }

/** How a pooler is set up: those that refuse start-up options, and those that were told to leave them out. */
const POOLERS: [name: string, settings: Record<string, string | number>][] = [
  ['in transaction mode', { pool_mode: 'transaction', ...FEW }],
  [
    'in transaction mode that leaves out start-up options',
    { pool_mode: 'transaction', ignore_startup_parameters: 'options', ...FEW },
  ],
  ['in session mode', { pool_mode: 'session', default_pool_size: 30 }],
  [
    'in session mode that leaves out start-up options',
    { pool_mode: 'session', ignore_startup_parameters: 'options', default_pool_size: 30 },
  ],
]

suite('behind a PgBouncer', { skip: findPgBouncer() === null && NO_PGBOUNCER }, async () => {
  const database = await testDatabase()

  for (const [name, settings] of POOLERS) {
    test(`${name}, a message is accepted, claimed and settled, and two nodes hear of each other's changes`, async (t) => {
      await using pooler = await start(settings)
      const place = await nothingAt(pooler.url)
      const other = await openPostgresStore(place, runtime, { clock: 'caller' })
      t.after(() => other.close())
      const heard: HeardChange[] = []
      other.follow((change) => void heard.push(change))
      await withStore(
        () => openPostgresStore(place, runtime, { clock: 'caller' }),
        async (given) => {
          const { organization, queue, listeners } = await storedFixture(given)
          await waitFor('the change at the other node', () => heard.some((it) => it.kind === 'queue'))
          // More at once than there are connections to PostgreSQL.
          const accepts = await Promise.all(Array.from({ length: 30 }, () => acceptFor(given, queue)))
          const results = await Promise.all(accepts.map((accept) => commit(given, { accepts: [accept] })))
          assert.ok(results.every((result) => result.accepts[0]!.outcome === 'accepted'))
          const claim = { node: 'a', listenerId: listeners[0]!.id, limit: 100, maxBytes: 1e9, now: given.now }
          const { deliveries } = await given.store.deliveries.claimDue(claim)
          assert.equal(deliveries.length, 30)
          const settlements = deliveries.map((delivery) => ({
            delivery: { ...delivery, sequence: delivery.message.sequence },
            attempt: { number: 1, startedAt: given.now, durationMs: 1, status: 200, error: null, response: '' },
            next: { state: 'acknowledged' as const },
          }))
          const { settlements: settled } = await commit(given, { settlements })
          assert.deepEqual(new Set(settled), new Set(['settled']))
          assert.equal((await other.organizations.get(organization.id))!.name, organization.name)
        },
      )
      const [elsewhere] = await database.query<{ tables: number }>(
        `select count(*)::int as tables from pg_tables where schemaname = 'public'`,
      )
      assert.equal(elsewhere!.tables, 0)
      await assertNothingLeftBehind(pooler.url)
    })
  }

  test('an error within a transaction leaves the connection as good as it was, and what was refused undone', async () => {
    await using pooler = await start({ pool_mode: 'transaction', ...FEW })
    await withStore(
      async () => openPostgresStore(await nothingAt(pooler.url), runtime, { clock: 'caller' }),
      async (given) => {
        const organization = await storedOrganization(given)
        const queue = given.make.queue(organization)
        assert.equal(await given.store.queues.create(queue), 'created')
        const again = { ...given.make.queue(organization), name: queue.name }
        for (let i = 0; i < 20; i++) assert.equal(await given.store.queues.create(again), 'name_taken')
        const stale = { ...(await acceptFor(given, queue)), queueVersion: 99 }
        const result = await commit(given, { accepts: [stale, await acceptFor(given, queue)] })
        assert.deepEqual(
          result.accepts.map(({ outcome }) => outcome),
          ['stale', 'accepted'],
        )
      },
    )
  })

  test('with DISCUE_DATABASE_LISTEN_URL past it, changes are heard at once, and the log has nothing to say', async () => {
    await using pooler = await start({ pool_mode: 'transaction', ...FEW })
    const { log, lines } = createLoggedLines()
    const place = { ...placeOf(pooler.url), listen: placeOf(database.url) }
    const stores = [await openPostgresStore(place, createRuntime(log)), await openPostgresStore(place, runtime)]
    const heard: HeardChange[] = []
    stores[0]!.follow((change) => void heard.push(change))
    const given = { store: stores[1] as Store, make: createMake(), now: NOW }
    await given.store.tell!({ kind: 'key_rejected', source: 'here' })
    await waitFor('the change', () => heard.some((it) => it.kind === 'key_rejected'))
    assert.deepEqual(lines, [])
    await Promise.all(stores.map((store) => store.close()))
  })

  test('without it, the log says that changes are looked for, and what would tell them at once', async () => {
    await using pooler = await start({ pool_mode: 'transaction', ...FEW })
    const { log, lines } = createLoggedLines()
    await (await openPostgresStore(placeOf(pooler.url), createRuntime(log))).close()
    assert.match(lines.map(({ message }) => message).join('\n'), /DISCUE_DATABASE_LISTEN_URL/)
  })

  test('a DISCUE_DATABASE_LISTEN_URL that leads to a pooler, or to another database, is refused', async () => {
    await using pooler = await start({ pool_mode: 'session' })
    const place = { ...placeOf(database.url), listen: placeOf(pooler.url) }
    await assert.rejects(openPostgresStore(place, runtime), (error) => {
      return error instanceof DatabaseRefused && /must lead to PostgreSQL itself/.test(error.message)
    })
    const elsewhere = { ...placeOf(database.url), listen: { ...placeOf(database.url), database: 'postgres' } }
    await assert.rejects(openPostgresStore(elsewhere, runtime), /both must lead to the same one/)
  })

  test('one that pools statements is refused with what to set', async () => {
    await using pooler = await start({ pool_mode: 'statement' })
    await assert.rejects(openPostgresStore(placeOf(pooler.url), runtime), /set pool_mode to transaction or session/)
  })

  test('a node that was told nothing while the database was away forgets what it knows, and hears again', async (t) => {
    let pooler = await start({ pool_mode: 'transaction', ...FEW })
    const { url } = pooler
    const stores = [await openPostgresStore(placeOf(url), runtime), await database.open(runtime)]
    t.after(() => Promise.all(stores.map((store) => store.close())))
    const heard: HeardChange[] = []
    stores[0]!.follow((change) => void heard.push(change))
    await pooler.stop()
    await waitFor('everything', () => heard.some(({ kind }) => kind === 'everything'))
    pooler = await start({ pool_mode: 'transaction', ...FEW, listen_port: new URL(url).port })
    await waitFor('a database that can be reached', () =>
      stores[0]!.ping().then(
        () => true,
        () => false,
      ),
    )
    await waitFor(
      'a change that is told',
      async () => {
        await stores[1]!.tell!({ kind: 'key_rejected', source: 'here' })
        return heard.some((it) => it.kind === 'key_rejected')
      },
      1,
      { everyMs: 100 },
    )
  })

  /** Where a store then makes everything anew. */
  async function nothingAt(url: string) {
    await database.query('drop schema if exists discue cascade')
    return placeOf(url)
  }

  async function start(settings: Record<string, string | number>) {
    const pooler = await startPgBouncer(database.url, settings)
    let stopped = false
    const stop = async () => {
      if (!stopped) await pooler.stop()
      stopped = true
    }
    after(stop)
    return { url: pooler.urlOf(database.url), stop, [Symbol.asyncDispose]: stop }
  }
})

/** What another application gets of the pool has the settings of PostgreSQL, and none of ours. */
async function assertNothingLeftBehind(url: string): Promise<void> {
  const clients = Array.from({ length: 2 }, () => new pg.Client({ connectionString: url }))
  for (const client of clients) {
    await client.connect()
    await client.query('begin')
  }
  for (const client of clients) {
    const { rows } = await client.query(
      `select current_setting('enable_seqscan') as scan, current_setting('search_path') as path,
              current_setting('statement_timeout') as timeout, (select count(*)::int from pg_prepared_statements) as prepared,
              (select count(*)::int from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()) as locks`,
    )
    assert.deepEqual(rows, [{ scan: 'on', path: '"$user", public', timeout: '0', prepared: 0, locks: 0 }])
    await client.query('rollback')
    await client.end()
  }
}
