import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRuntime } from '../../../../src/runtime.ts'
import { UsageChanges } from '../../../../src/store/commit/usage-changes.ts'
import { testDatabase } from '../../../support/postgres/postgres.ts'
import { silentLog } from '../../../support/silent-log.ts'
import { createMake, NOW } from '../../make.ts'

test('a segment says how many events it holds, also where it is written by an older node, which tells no count', async () => {
  const database = await testDatabase()
  const store = await database.openEmpty(createRuntime(silentLog))
  const make = createMake()
  const organization = make.organization()
  await store.organizations.create(organization, make.ownerKey(organization))
  const queue = make.queue(organization)
  await store.queues.create(queue)
  const names = ['plain', '+ like an event', null]
  const messages = names.map((name) => ({ message: make.message(queue, { name }), deliveries: [] }))
  const accept = { queueVersion: queue.version, messages, answer: null }
  await store.commit({ node: 'n', now: NOW, accepts: [accept], settlements: [], keyUses: [] })

  const usage = new UsageChanges()
  for (const { message } of messages) usage.added(message)
  const [[organizationId, told] = ['', null]] = usage.segments()
  await database.query(
    `insert into event_segments (organization_id, category, stored_at, segment, entries)
     values ($1, 'messages', $2, nextval('event_segment'), $3)`,
    [organizationId, NOW, told?.entries],
  )

  const kept = await database.query<{ events: number }>(`select events from event_segments where category = 'messages'`)
  assert.deepEqual(
    kept.map(({ events }) => events),
    [3, 3],
  )
  await store.close()
})
