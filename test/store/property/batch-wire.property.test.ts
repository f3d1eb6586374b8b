import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Next } from '../../../src/core/delivery/delivery.ts'
import type {
  Accept,
  AcceptResult,
  Batch,
  BatchResult,
  NewDelivery,
  Settlement,
} from '../../../src/store/commit/batch.ts'
import type { IdempotencyRecord } from '../../../src/store/idempotency-records.ts'
import type { LeaseSettlement } from '../../../src/store/pulls.ts'
import type { ScheduleStep } from '../../../src/store/schedules.ts'
import { packBatch, packResult, unpackBatch, unpackResult } from '../../../src/store-sqlite/thread/batch-wire.ts'

const text = fc.string({ unit: 'binary' })
const time = fc.maxSafeNat()
const nullable = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: null })

const answer: fc.Arbitrary<IdempotencyRecord> = fc.record({
  ...{ organizationId: text, target: text, key: text, digest: text, body: text },
  ...{ status: time, storedAt: time, expiresAt: time },
})

const newDelivery: fc.Arbitrary<NewDelivery> = fc.record(
  { listenerId: text, leased: fc.boolean(), ordering: fc.constantFrom('queue' as const, 'key' as const) },
  { requiredKeys: ['listenerId', 'leased'] },
)

const skipped = nullable(fc.record({ count: time, firstAt: time }))
const run = fc.record({ dueAt: time, ranAt: time, messageId: nullable(text), error: nullable(text), skipped })
const step: fc.Arbitrary<ScheduleStep> = fc.record({
  messageBefore: fc.constantFrom('pending' as const, 'done' as const, null),
  ...{ scheduleId: text, revision: time, from: time, nextAt: nullable(time), runs: fc.array(run) },
})

/** Messages of one accept have one organization and queue. */
const accept: fc.Arbitrary<Accept> = fc.tuple(text, text).chain(([organizationId, queueId]) => {
  const place = { organizationId: fc.constant(organizationId), queueId: fc.constant(queueId) }
  const times = { createdAt: time, deliverAt: time, expiresAt: nullable(time) }
  const texts = {
    name: nullable(text),
    key: nullable(text),
    data: text,
    mediaType: nullable(text),
    headers: nullable(text),
  }
  const message = fc.record({ id: text, ...place, ...texts, ...times })
  const deliveries = fc.array(newDelivery)
  const leftOut = fc.uint8Array({ minLength: 1 })
  const accepted = fc.oneof(fc.record({ message, deliveries }), fc.record({ message, deliveries, leftOut }))
  const messages = fc.array(accepted, { minLength: 1 })
  const record = fc.record({ queueVersion: time, messages, answer: nullable(answer) })
  const steps = fc.array(step, { minLength: 1 })
  return fc.oneof(
    record,
    fc.tuple(record, steps).map(([it, made]) => ({ ...it, steps: made })),
  )
})

const next: fc.Arbitrary<Next> = fc.oneof(
  fc.record({ state: fc.constant('acknowledged' as const) }),
  fc.record({ state: fc.constant('pending' as const), dueAt: time }),
  fc.record({ state: fc.constant('missed' as const), reason: text }),
)

const settlement: fc.Arbitrary<Settlement> = fc.record({
  delivery: fc.record({
    listenerId: text,
    dueAt: time,
    lease: time,
    firstSentAt: nullable(time),
    attemptsBefore: time,
    sequence: time,
  }),
  attempt: fc.record({
    ...{ number: time, startedAt: time, durationMs: time, status: nullable(time) },
    ...{ error: fc.constantFrom(null, 'timeout' as const, 'dns' as const), response: text },
  }),
  next,
})

const leaseSettlement: fc.Arbitrary<LeaseSettlement> = fc.record({
  ...{ listenerId: text, queueId: text, random: fc.double({ min: 0, max: 1, noNaN: true }) },
  receipt: fc.record({ messageId: text, leaseUntil: time, attempt: time }),
  end: fc.oneof(
    fc.record({ how: fc.constantFrom('acknowledged' as const, 'lease_expired' as const, 'unseen' as const) }),
    fc.record({ how: fc.constant('returned' as const), delayMs: nullable(time) }),
    fc.record({ how: fc.constant('extended' as const), leaseMs: time }),
  ),
})

const batch: fc.Arbitrary<Batch> = fc.record({
  node: text,
  now: time,
  accepts: fc.array(accept),
  settlements: fc.array(settlement),
  leaseSettlements: fc.array(leaseSettlement),
  keyUses: fc.array(fc.record({ apiKeyId: text, at: time })),
})

const place = fc.record({ number: time, held: fc.boolean() })

const acceptResult: fc.Arbitrary<AcceptResult> = fc.oneof(
  fc.record({
    outcome: fc.constant('accepted' as const),
    messages: fc.array(
      fc.record({ sequence: time, leases: fc.array(nullable(time)), places: nullable(fc.array(nullable(place))) }),
    ),
  }),
  fc.record({ outcome: fc.constantFrom('stale' as const, 'answered' as const, 'passed' as const) }),
  fc.record({
    outcome: fc.constant('quota' as const),
    limit: fc.constantFrom('storedMessages' as const, 'messagesPerDay' as const),
    value: time,
  }),
)

const settleResult = fc.oneof(fc.constantFrom('settled' as const, 'lost' as const), fc.record({ nextDueAt: time }))

const result: fc.Arbitrary<BatchResult> = fc.record({
  accepts: fc.array(acceptResult),
  settlements: fc.array(settleResult),
  leaseSettlements: fc.array(settleResult),
})

/** Generated records have no prototype, which makes no difference to the store. */
function plain<Value>(value: Value): Value {
  return structuredClone(value)
}

test('a batch comes out of the wire as it went in, and survives the way between threads', () =>
  fc.assert(
    fc.property(batch, (it) => assert.deepEqual(unpackBatch(structuredClone(packBatch(it))), plain(it))),
    { seed: 5 },
  ))

test('so does what came of it', () =>
  fc.assert(
    fc.property(result, (it) => assert.deepEqual(unpackResult(structuredClone(packResult(it))), plain(it))),
    { seed: 5 },
  ))

test('what is packed is flat: texts, numbers, booleans and null', () =>
  fc.assert(
    fc.property(batch, result, (one, other) => {
      for (const { texts, cells } of [packBatch(one), packResult(other)]) {
        for (const value of [...texts, ...cells]) assert.ok(value === null || Object(value) !== value)
        assert.equal(new Set(texts).size, texts.length)
      }
    }),
    { seed: 5 },
  ))
