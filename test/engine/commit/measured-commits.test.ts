import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createEngineCounters } from '../../../src/core/telemetry/counters.ts'
import { measuredCommits } from '../../../src/engine/commit/measured-commits.ts'
import type { Batch, BatchResult } from '../../../src/store/commit/batch.ts'
import { StoreUnavailable } from '../../../src/store/store.ts'

const NOW = 1_000_000

function measured(commit: (batch: Batch) => Promise<BatchResult>, now = NOW) {
  const counters = createEngineCounters()
  let elapsed = 0
  const elapsedMs = () => (elapsed += 2)
  return { counters, store: measuredCommits({ commit }, { counters, runtime: { now: () => now, elapsedMs } }) }
}

const accept = (createdAt: number, count = 1) =>
  ({ messages: Array.from({ length: count }, () => ({ message: { createdAt }, deliveries: [] })) }) as unknown
const settlement = (what: object) =>
  ({
    delivery: { dueAt: NOW - 500 },
    attempt: { startedAt: NOW - 100, durationMs: 40, error: null },
    ...what,
  }) as unknown
const batch = (accepts: unknown[], settlements: unknown[]) => ({ accepts, settlements }) as unknown as Batch
const outcomes = (accepts: string[], settlements: unknown[]) =>
  ({ accepts: accepts.map((outcome) => ({ outcome })), settlements }) as unknown as BatchResult

test('what was stored counts, and what was not does not', async () => {
  const { counters, store } = measured(async () => outcomes(['accepted', 'stale', 'quota'], ['settled', 'lost']))
  const at = { startedAt: NOW - 100, durationMs: 40 }
  const acknowledged = settlement({ attempt: { ...at, status: 204, error: null }, next: { state: 'acknowledged' } })
  await store.commit(batch([accept(NOW - 3, 2), accept(NOW), accept(NOW)], [acknowledged, acknowledged]))
  assert.equal(counters.acceptedMessages, 2)
  assert.equal(counters.acceptSeconds.sum, 0.006)
  assert.deepEqual(counters.deliveries, { acknowledged: 1, retried: 0, missed: 0 })
  assert.deepEqual([...counters.attempts], [['2xx', 1]])
  assert.equal(counters.attemptSeconds.sum, 0.04)
  assert.equal(counters.latenessSeconds.sum, 0.4)
  assert.equal(counters.commitWrites.sum, 6)
  assert.equal(counters.commitSeconds.sum, 0.002)
})

test('attempts count by class of status or by error, and deliveries by what became of them', async () => {
  const { counters, store } = measured(async () => outcomes([], ['settled', { nextDueAt: 5 }, 'settled']))
  const at = { startedAt: NOW, durationMs: 1 }
  await store.commit(
    batch(
      [],
      [
        settlement({ attempt: { ...at, status: 503, error: null }, next: { state: 'pending', dueAt: NOW } }),
        settlement({ attempt: { ...at, status: 200, error: 'timeout' }, next: { state: 'pending', dueAt: NOW } }),
        settlement({ attempt: { ...at, status: null, error: 'dns' }, next: { state: 'missed', reason: 'x' } }),
      ],
    ),
  )
  assert.deepEqual(Object.fromEntries(counters.attempts), { '5xx': 1, timeout: 1, dns: 1 })
  assert.deepEqual(counters.deliveries, { acknowledged: 0, retried: 2, missed: 1 })
})

test('a commit that fails counts as that alone, and its error goes on', async () => {
  const { counters, store } = measured(async () => {
    throw new StoreUnavailable('the disk is full')
  })
  await assert.rejects(store.commit(batch([accept(NOW)], [])), StoreUnavailable)
  assert.deepEqual([counters.failedCommits, counters.acceptedMessages], [1, 0])
})

test('a clock that was set back makes no negative duration', async () => {
  const { counters, store } = measured(async () => outcomes(['accepted'], []))
  await store.commit(batch([accept(NOW + 5_000)], []))
  assert.equal(counters.acceptSeconds.sum, 0)
})
