import type { Attempt } from '../../core/delivery/attempt.ts'
import type { AttemptKind, EngineCounters } from '../../core/telemetry/counters.ts'
import type { Runtime } from '../../runtime.ts'
import type { AcceptResult, Batch, BatchResult, MessageAccept, Settlement } from '../../store/commit/batch.ts'
import type { Store } from '../../store/store.ts'
import { type Moments, NO_MOMENTS } from '../notify/moments.ts'

/**
 * The store's commits, measured: what was accepted, attempted and settled is all in them, so that the way of a single
 * message has nothing more to do.
 */
export function measuredCommits(
  store: Pick<Store, 'commit'>,
  {
    counters,
    runtime,
    moments = NO_MOMENTS,
  }: { counters: EngineCounters; runtime: Pick<Runtime, 'now' | 'elapsedMs'>; moments?: Pick<Moments, 'missed'> },
): Pick<Store, 'commit'> {
  return {
    async commit(batch) {
      const from = runtime.elapsedMs()
      try {
        const result = await store.commit(batch)
        counters.commitSeconds.observe((runtime.elapsedMs() - from) / 1000)
        countWrites(counters, batch, result, { now: runtime.now(), moments })
        return result
      } catch (error) {
        counters.failedCommits += 1
        throw error
      }
    },
  }
}

function countWrites(
  counters: EngineCounters,
  { accepts, settlements, leaseSettlements = [] }: Batch,
  result: BatchResult,
  { now, moments }: { now: number; moments: Pick<Moments, 'missed'> },
): void {
  let writes = settlements.length + leaseSettlements.length
  for (let index = 0; index < accepts.length; index++) {
    const { messages } = accepts[index]!
    writes += messages.length
    countAccept(counters, messages, result.accepts[index]!, now)
  }
  for (let index = 0; index < settlements.length; index++) {
    if (result.settlements[index] === 'lost') continue
    const settlement = settlements[index]!
    countSettlement(counters, settlement)
    if (settlement.next.state === 'missed') moments.missed(settlement.delivery.listenerId)
  }
  // Nothing but uses of keys is in some.
  if (writes > 0) counters.commitWrites.observe(writes)
}

function countAccept(
  counters: EngineCounters,
  messages: MessageAccept[],
  { outcome }: AcceptResult,
  now: number,
): void {
  if (outcome !== 'accepted') return
  counters.acceptedMessages += messages.length
  for (const { message } of messages) counters.acceptSeconds.observe(secondsBetween(message.createdAt, now))
}

function countSettlement(counters: EngineCounters, { delivery, attempt, next }: Settlement): void {
  const kind = kindOf(attempt)
  counters.attempts.set(kind, (counters.attempts.get(kind) ?? 0) + 1)
  counters.attemptSeconds.observe(attempt.durationMs / 1000)
  counters.latenessSeconds.observe(secondsBetween(delivery.dueAt, attempt.startedAt))
  counters.deliveries[next.state === 'pending' ? 'retried' : next.state] += 1
}

/** A clock that was set back must not make a negative duration. */
function secondsBetween(from: number, until: number): number {
  return Math.max(0, until - from) / 1000
}

function kindOf({ status, error }: Attempt): AttemptKind {
  return error ?? (`${Math.floor((status ?? 0) / 100)}xx` as AttemptKind)
}
