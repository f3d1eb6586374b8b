import { Problem } from '../core/problem.ts'
import { FairPlaces } from '../core/sharing/fair-places.ts'
import { full } from '../core/sharing/full.ts'
import type { Runtime } from '../runtime.ts'
import type { IdempotencyRecord } from '../store/idempotency-records.ts'
import type { Store } from '../store/store.ts'
import { createIdempotencyRoom } from './limits/idempotency-room.ts'

const KEPT_MS = 24 * 60 * 60 * 1000
/**
 * More than any server answers at once, half of them for one organization; past it there is no telling whether a request
 * repeats one that runs.
 */
const MAX_RUNNING = 10_000
const KEYED = { code: 'too_many_keyed', what: 'requests under way with an Idempotency-Key' } as const

/** What makes two requests the same: who sends what where, and the key that the caller chose. */
interface Attempted {
  organizationId: string
  /** Method and path. */
  target: string
  key: string
  /** Hexadecimal SHA-256 of the body. */
  digest: string
}

/** Makes the answer to be stored together with an effect, which is known before it is written: ids are made first. */
export type AnswerFor<Result> = (result: Result) => IdempotencyRecord

/** The first request with its key: it alone may have an effect. Call `end` once, when its answer is stored or given up. */
export interface Turn {
  /** The answer to be stored, from now on for 24 hours. */
  answer(status: number, body: string): IdempotencyRecord
  /** Stores an answer that no effect carries. */
  keep(answer: IdempotencyRecord): Promise<void>
  end(): void
}

/**
 * Sees to it that a request which is repeated under the same key takes effect once. Which ones run is known in memory
 * alone: those that a crash cut short have either stored their answer with their effect, or neither.
 */
export interface Idempotency {
  /** The turn of a first request, or the answer that it had. Throws `key_reused`, `key_running`, `too_many_keyed` and `overloaded`. */
  begin(attempted: Attempted): Promise<Turn | IdempotencyRecord>
}

export function createIdempotency(
  deps: { store: Pick<Store, 'answers'>; runtime: Runtime },
  maxRecords?: number,
): Idempotency {
  const { store, runtime } = deps
  /** Digests of the bodies, by request. */
  const running = new Map<string, string>()
  const places = new FairPlaces(MAX_RUNNING)
  const room = createIdempotencyRoom(deps, maxRecords)

  function turnOf(attempted: Attempted, id: string): Turn {
    return {
      answer(status, body) {
        const storedAt = runtime.now()
        return { ...attempted, status, body, storedAt, expiresAt: storedAt + KEPT_MS }
      },
      async keep(answer) {
        await store.answers.keep(answer)
      },
      end() {
        if (running.delete(id)) places.give(attempted.organizationId)
      },
    }
  }

  return {
    async begin(attempted) {
      const { organizationId, target, key, digest } = attempted
      const id = `${organizationId} ${target} ${key}`
      const other = running.get(id)
      if (other !== undefined) throw new Problem(other === digest ? 'key_running' : 'key_reused')
      if (!places.take(organizationId)) throw full(places, organizationId, KEYED)
      running.set(id, digest)
      const turn = turnOf(attempted, id)
      try {
        const found = await store.answers.find({ organizationId, target, key, now: runtime.now() })
        if (found === null) {
          room.take(organizationId)
          return turn
        }
        if (found.digest !== digest) throw new Problem('key_reused')
        turn.end()
        return found
      } catch (error) {
        turn.end()
        throw error
      }
    },
  }
}
