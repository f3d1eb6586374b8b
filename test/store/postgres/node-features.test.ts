import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FEATURES } from '../../../src/core/feature.ts'
import { createRuntime } from '../../../src/runtime.ts'
import { testDatabase } from '../../support/postgres/postgres.ts'
import { silentLog } from '../../support/silent-log.ts'

const LEASE_MS = 600_000

const database = await testDatabase()
const runtime = createRuntime(silentLog)
const stores = await Promise.all(
  ['web-1:3000', 'web-2:3000'].map((nodeName) => database.open(runtime, { clock: 'database', nodeName })),
)
const [first, second] = stores

const heartbeat = (store = first!, node = 'first') => store.deliveries.renew({ node, until: runtime.now() + LEASE_MS })

/** The statement of a node from before features were told. */
const oldHeartbeat = (node: string, forMs: number) =>
  database.query(
    `insert into discue.nodes as n (node, alive_until)
     values ($1, (extract(epoch from clock_timestamp()) * 1000)::bigint + $2)
     on conflict (node) do update set alive_until = excluded.alive_until`,
    [node, forMs],
  )

const lacking = () => FEATURES.map((feature) => first!.nodesWithout(feature))
const everywhere = (nodes: string[]) => FEATURES.map(() => nodes)

test('nodes of one version know all that each of them knows', async () => {
  await heartbeat()
  await heartbeat(second, 'second')
  await heartbeat()
  assert.deepEqual(lacking(), everywhere([]))
})

test('a node of a version that says nothing knows nothing new, until it has stopped', async () => {
  await oldHeartbeat('old', LEASE_MS)
  await heartbeat()
  assert.deepEqual(lacking(), everywhere(['old']))
  await oldHeartbeat('old', LEASE_MS)
  await heartbeat()
  assert.deepEqual(lacking(), everywhere(['old']))
  await database.query(`delete from discue.nodes where node = 'old'`)
  assert.deepEqual(lacking(), everywhere(['old']), 'what was heard last')
  await heartbeat()
  assert.deepEqual(lacking(), everywhere([]))
})

test('a node that was killed is one no longer once its lease has run out', async () => {
  await oldHeartbeat('killed', LEASE_MS)
  await heartbeat()
  assert.deepEqual(lacking(), everywhere(['killed']))
  await oldHeartbeat('killed', -1)
  await heartbeat()
  assert.deepEqual(lacking(), everywhere([]))
})

test('a node that knows more than this one lacks nothing, and one that knows something else is told by its name', async () => {
  const say = (features: string[]) =>
    database.query(`update discue.nodes set features = $1 where node = 'second'`, [features])
  await heartbeat(second, 'second')
  await say([...FEATURES, 'of_a_newer_version'])
  await heartbeat()
  assert.deepEqual(lacking(), everywhere([]))
  await say(['of_a_newer_version', ...FEATURES.slice(1)])
  await heartbeat()
  assert.deepEqual(first!.nodesWithout(FEATURES[0]), ['web-2:3000'])
  for (const feature of FEATURES.slice(1)) assert.deepEqual(first!.nodesWithout(feature), [])
})
