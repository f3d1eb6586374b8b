// What a message costs in the database, in figures that can be counted; see message.test.ts.
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { getHeapStatistics } from 'node:v8'
import type { LeasedDelivery } from '../../src/core/delivery/delivery.ts'
import type { Batch } from '../../src/store/commit/batch.ts'
import { openSqliteStore } from '../../src/store-sqlite/database.ts'
import { ACKNOWLEDGED, settlementOf, storedFixture } from '../store/fixture.ts'
import { createMake, NOW } from '../store/make.ts'
import type { Given } from '../store/suite.ts'
import { makeFolder } from '../support/server/server-process.ts'
import { expectCost } from './expected-cost.ts'

const BATCH = 32
const COMMITS = 100
const ROUNDS = 5
const DATA = JSON.stringify({ text: 'x'.repeat(240) })
const IO = '/proc/self/io'

/** What this process has written, whether or not it is on the disk yet. */
function bytesWritten(): number {
  return Number(/^wchar: (\d+)$/m.exec(readFileSync(IO, 'utf8'))![1])
}

test('a message costs the store no more memory and writes than it did', async (t) => {
  const folder = makeFolder()
  const store = await openSqliteStore(join(folder.path, 'discue.db'))
  t.after(async () => {
    await store.close()
    folder[Symbol.dispose]()
  })
  const given = { store, make: createMake(), now: NOW } as Given
  const { queue, listeners } = await storedFixture(given)
  let leased: LeasedDelivery[] = []

  /** Takes 32 messages in, and settles the 32 of the commit before. */
  async function commit(): Promise<void> {
    given.now += 10
    const messages = Array.from({ length: BATCH }, () =>
      given.make.message(queue, { data: DATA, createdAt: given.now, deliverAt: given.now }),
    )
    const accepts = messages.map((message) => ({
      queueVersion: 2,
      messages: [{ message, deliveries: [{ listenerId: listeners[0]!.id, leased: true }] }],
      answer: null,
    }))
    const settlements = leased.map((delivery) => settlementOf(given, delivery, ACKNOWLEDGED))
    const batch = { node: 'a', now: given.now, accepts, settlements, keyUses: [] }
    const result = await store.commit(batch as unknown as Batch)
    assert.ok(result.settlements.every((it) => it === 'settled'))
    leased = result.accepts.map((it, index) => {
      assert.ok(it.outcome === 'accepted')
      const { sequence, leases } = it.messages[0]!
      const message = { ...messages[index]!, sequence }
      const untried = { attempts: 0, attemptsBefore: 0, firstSentAt: null, orderNumber: null }
      return {
        listenerId: listeners[0]!.id,
        message,
        dueAt: given.now,
        lease: leases[0]!,
        ...untried,
      } as LeasedDelivery
    })
  }

  const rounds: { heap: number; written: number }[] = []
  for (let round = 0; round <= ROUNDS; round++) {
    const [heap, written] = [getHeapStatistics().total_allocated_bytes, existsSync(IO) ? bytesWritten() : 0]
    for (let n = 0; n < COMMITS; n++) await commit()
    const perMessage = (before: number, after: number) => (after - before) / (COMMITS * BATCH)
    rounds.push({
      heap: perMessage(heap, getHeapStatistics().total_allocated_bytes),
      written: perMessage(written, existsSync(IO) ? bytesWritten() : 0),
    })
  }
  // The first rounds compile, and now and then one checkpoints: what the least of them took is what a message needs.
  const heap = Math.min(...rounds.map((round) => round.heap))
  const written = Math.min(...rounds.map((round) => round.written))
  expectCost(t, 'bytes on the heap of the store', heap, 4_450)
  if (existsSync(IO)) expectCost(t, 'bytes written', written, 2_190)
  else t.diagnostic('what is written cannot be counted on this system')
})
