import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRuntime } from '../../../src/runtime.ts'
import { testDatabase } from '../../support/postgres/postgres.ts'
import { silentLog } from '../../support/silent-log.ts'
import { createMake, NOW } from '../make.ts'

test('long data is compressed by the fastest way that the server was built with, and comes back as it was', async () => {
  const database = await testDatabase()
  const store = await database.openEmpty(createRuntime(silentLog))
  const make = createMake()
  const organization = make.organization()
  await store.organizations.create(organization, make.ownerKey(organization))
  const queue = make.queue(organization)
  await store.queues.create(queue)
  const data = JSON.stringify(Array.from({ length: 500 }, (_, number) => ({ number, currency: 'EUR' })))
  const message = make.message(queue, { data })
  const accept = { queueVersion: queue.version, messages: [{ message, deliveries: [] }], answer: null }
  await store.commit({ node: 'n', now: NOW, accepts: [accept], settlements: [], keyUses: [] })

  const [how] = await database.query<{ by: string; built: string[] }>(
    `select pg_column_compression(data) as by, enumvals as built from messages
       cross join pg_settings where pg_settings.name = 'default_toast_compression'`,
  )
  assert.equal(how?.by, how?.built.includes('lz4') ? 'lz4' : 'pglz')
  const found = await store.messages.get({ organizationId: organization.id, queueId: queue.id, id: message.id })
  assert.equal(found?.message.data, data)
  await store.close()
})
