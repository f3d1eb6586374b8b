import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRuntime } from '../../../src/runtime.ts'
import type { HeardChange } from '../../../src/store/cluster/changes.ts'
import { testDatabase } from '../../support/postgres/postgres.ts'
import { silentLog } from '../../support/silent-log.ts'

const database = await testDatabase()
const ours = JSON.stringify({ from: 'another node', change: { kind: 'schedule_gone', scheduleId: 'one' } })

test('what a role of the database sends on the channel of the nodes is passed over, and what a node sends is heard', async (t) => {
  const store = await database.openEmpty(createRuntime(silentLog))
  t.after(() => store.close())
  const heard: HeardChange[] = []
  const { promise, resolve } = Promise.withResolvers<void>()
  store.follow((change) => {
    heard.push(change)
    if (change.kind === 'schedule_gone') resolve()
  })
  for (const payload of [
    '',
    'rubbish',
    'null',
    '[]',
    '{"from":1}',
    '{"from":"x"}',
    '{"from":"x","change":null}',
    ours,
  ]) {
    await database.query('select pg_notify($1, $2)', ['discue', payload])
  }
  await promise
  assert.deepEqual(heard, [{ kind: 'schedule_gone', scheduleId: 'one' }])
})
