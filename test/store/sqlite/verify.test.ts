import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, test } from 'node:test'
import type { DeliverySettings } from '../../../src/core/delivery/listener.ts'
import type { Message } from '../../../src/core/delivery/message.ts'
import { verifyDatabase } from '../../../src/store-sqlite/file/verify.ts'
import { openThreadedSqliteStore } from '../../../src/store-sqlite/thread/threaded.ts'
import {
  ACKNOWLEDGED,
  accepted,
  claimedOne,
  MISSED,
  settled,
  storedListener,
  storedOrganization,
  storedQueue,
} from '../fixture.ts'
import { NOW } from '../make.ts'
import { type Given, withStore } from '../suite.ts'

const folder = mkdtempSync(join(tmpdir(), 'discue-verify-'))
after(() => rmSync(folder, { recursive: true, force: true }))
let files = 0
const freshPath = () => join(folder, `${++files}.db`)

/** Runs `use` on a database that a server has open, with a message of each kind: delivered, missed, waiting, waiting. */
async function withFixture(
  settings: Partial<DeliverySettings>,
  use: (at: {
    given: Given
    path: string
    organizationId: string
    listenerId: string
    messages: Message[]
  }) => Promise<void>,
): Promise<void> {
  const path = freshPath()
  await withStore(
    () => openThreadedSqliteStore(path),
    async (given) => {
      const { id: organizationId } = await storedOrganization(given)
      const queue = await storedQueue(given, { id: organizationId } as never)
      const { id: listenerId } = await storedListener(given, queue, settings)
      const messages: Message[] = []
      for (const end of [ACKNOWLEDGED, MISSED, null, null]) {
        messages.push(await accepted(given, queue))
        if (end !== null) await settled(given, await claimedOne(given, { listenerId }), end)
      }
      await use({ given, path, organizationId, listenerId, messages })
    },
  )
}

function tamper(path: string, sql: string): void {
  const db = new DatabaseSync(path)
  db.exec(sql)
  db.close()
}

test('a sound database has no faults, while a server has it open and afterwards', async () => {
  let closed = ''
  await withFixture({ ordering: 'queue' }, async ({ path }) => {
    const { ledger, faults } = await verifyDatabase(path, NOW)
    assert.deepEqual(faults, [])
    const { accepted: all, delivered, missed, pending } = ledger.queues[0]!.listeners[0]!.tally
    assert.deepEqual({ all, delivered, missed, pending }, { all: 4, delivered: 1, missed: 1, pending: 2 })
    closed = path
  })
  assert.deepEqual((await verifyDatabase(closed, NOW)).faults, [])
})

const lost: [what: string, sql: string, index: number][] = [
  ['a delivery that waits', 'delete from deliveries where sequence = 3', 2],
  ['what was missed', 'delete from missed', 1],
  ['the attempt that was acknowledged', 'delete from attempts where sequence = 1', 0],
  [
    'a delivery that is missed and waits as well',
    `insert into missed select sequence, listener_id, 1, '' from deliveries where sequence = 3`,
    2,
  ],
]

for (const [what, sql, index] of lost) {
  test(`${what}: the ledger of the server that has it open and the verification name the pair`, async () => {
    await withFixture({}, async ({ given, path, organizationId, listenerId, messages }) => {
      tamper(path, sql)
      const ask = { organizationId, only: null, since: null, until: null, now: NOW }
      const message = messages[index]!
      const pair = { queueId: message.queueId, messageId: message.id, listenerId }
      const { unaccounted, queues } = await given.store.ledger.read(ask)
      assert.deepEqual(unaccounted, [pair])
      assert.equal(queues[0]!.listeners[0]!.tally.unaccounted, 1)
      const { faults } = await verifyDatabase(path, NOW)
      assert.equal(faults.length, 1)
      assert.match(faults[0]!, new RegExp(`${message.id}.*${listenerId} has neither an end nor a next step`))
    })
  })
}

test('a listener that is gone without having been deleted leaves what was meant for it unaccounted', async () => {
  await withFixture({}, async ({ path }) => {
    tamper(path, 'delete from listeners')
    const { ledger } = await verifyDatabase(path, NOW)
    assert.equal(ledger.queues[0]!.listeners[0]!.tally.unaccounted, 0)
    tamper(path, 'delete from deliveries')
    assert.equal((await verifyDatabase(path, NOW)).ledger.unaccounted.length, 2)
  })
})

test('what waits behind nobody, and a turn of which nothing comes, are faults', async () => {
  await withFixture({ ordering: 'queue' }, async ({ path }) => {
    tamper(path, 'delete from order_heads')
    const { faults } = await verifyDatabase(path, NOW)
    assert.equal(faults.length, 1)
    assert.match(faults[0]!, /neither an end nor a next step/)
  })
  await withFixture({ ordering: 'queue' }, async ({ path }) => {
    tamper(path, 'update order_heads set sequence = 1')
    const { faults } = await verifyDatabase(path, NOW)
    assert.equal(faults.length, 1)
    assert.match(faults[0]!, /has its turn, and nothing is to be done for it/)
  })
})

test('what is left of a message that is gone is a fault', async () => {
  await withFixture({}, async ({ path }) => {
    tamper(path, 'delete from messages where sequence in (2, 3)')
    const { faults } = await verifyDatabase(path, NOW)
    assert.deepEqual(
      faults.map((fault) => /table (\w+)/.exec(fault)?.[1]),
      ['deliveries', 'missed'],
    )
  })
})

test('a file that is missing, no database, or not ours is refused in one line', async () => {
  const [text, foreign] = [freshPath(), freshPath()]
  writeFileSync(text, 'x'.repeat(4_096))
  tamper(foreign, 'create table theirs (x)')
  for (const [path, expected] of [
    [freshPath(), /^there is no database at/],
    [text, /^the database .* cannot be read: file is not a database$/],
    [foreign, /is not one of discue's$/],
  ] as const) {
    await assert.rejects(verifyDatabase(path, NOW), ({ message }: Error) => {
      assert.match(message, expected)
      assert.ok(!message.includes('\n'))
      return true
    })
  }
})
