import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import { type DatabaseWire, openWire } from '../../torture/servers/database-wire.ts'
import { type PostgresServer, startPostgres } from '../support/postgres/postgres-server.ts'
import { createClient } from '../support/server/client.ts'
import { makeQueue } from '../support/server/cluster.ts'
import { startReceiver } from '../support/server/receiver.ts'
import { startServerProcess, TEST_ROOT_KEY } from '../support/server/server-process.ts'
import { IS_LONG } from '../support/thorough.ts'
import { waitFor } from '../support/wait-for.ts'

const timeout = 300_000

interface Fault {
  what: string
  strike(database: PostgresServer, wire: DatabaseWire): Promise<void> | void
  heal(database: PostgresServer, wire: DatabaseWire): Promise<void> | void
  /** It is healed while the server stops, and else when that has ended. */
  meanwhile?: true
}

/** What can become of the database while a server is asked to stop. */
const crash: Fault['strike'] = (database) => database.end('SIGQUIT')
const start: Fault['heal'] = (database) => database.start()
const mend: Fault['heal'] = (_, wire) => wire.mend({ cut: true })
const FAULTS: Fault[] = [
  { what: 'is back before that is over', strike: crash, heal: start, meanwhile: true },
  { what: 'has crashed', strike: crash, heal: start },
  { what: 'shuts down', strike: (database) => database.end('SIGINT'), heal: start },
  { what: 'says nothing', strike: (_, wire) => wire.stall(), heal: mend },
  { what: 'hears, and is not heard', strike: (_, wire) => wire.halfOpen(), heal: mend },
  { what: 'has cut the connections', strike: (_, wire) => wire.reset(), heal: mend },
]

/** A server with a delivery on the wire, which its receiver answers when it is told to. */
async function startDelivering(t: TestContext) {
  const database = await startPostgres({ durable: true })
  t.after(() => database.remove())
  const wire = await openWire(database.port)
  t.after(() => wire.close())
  const env = {
    DISCUE_DATABASE_URL: `postgres://postgres@127.0.0.1:${wire.port}/postgres`,
    DISCUE_ROOT_API_KEY: TEST_ROOT_KEY,
  }
  const server = await startServerProcess(env)
  const answered = Promise.withResolvers<void>()
  const receiver = await startReceiver((_, response) => void answered.promise.then(() => response.end()))
  const client = createClient(() => server.url)
  const queueId = await makeQueue(client, [receiver])
  assert.equal((await client.call('POST', `/queues/${queueId}/messages`, { data: 'x' })).status, 200)
  await receiver.until(1)
  return { database, wire, env, server, receiver, answer: answered.resolve }
}

describe('a server that is asked to stop while its database', () => {
  for (const { what, strike, heal, meanwhile } of IS_LONG ? FAULTS : FAULTS.slice(0, 1)) {
    test(`${what}: ends with 0, and what was on the wire is not lost`, { timeout }, async (t) => {
      const { database, wire, env, server, receiver, answer } = await startDelivering(t)
      await strike(database, wire)
      const ended = server.end('SIGTERM')
      answer()
      if (meanwhile) {
        // So that what waits to be written has been refused before.
        await waitFor('a refused write', () => server.output().stderr.includes('the store cannot be written'))
        await heal(database, wire)
      }
      assert.equal(await ended, 0, server.output().stderr)
      if (!meanwhile) await heal(database, wire)
      const next = await startServerProcess(env)
      const ledger = async () => (await createClient(() => next.url).call('GET', '/ledger')).body.ledger
      await waitFor('the end of the delivery', async () => (await ledger()).delivered === 1)
      // It comes twice only where its end could not be written, and the server said so.
      const { stderr } = server.output()
      const isTold = stderr.includes('stopped with writes that the store did not take')
      assert.ok(receiver.received.length <= (isTold ? 2 : 1), stderr)
      assert.equal(await next.end('SIGTERM'), 0)
    })
  }
})
