import type { Problem } from '../../core/problem.ts'
import { FairPlaces } from '../../core/sharing/fair-places.ts'
import { FairQueue } from '../../core/sharing/fair-queue.ts'
import { full } from '../../core/sharing/full.ts'
import type { SettleResult } from '../../store/commit/batch.ts'
import type { LeaseSettlement } from '../../store/pulls.ts'
import type { PendingWrite } from './pending-accepts.ts'

/** Of one commit: keeps the transaction short. */
const MAX_OF_A_COMMIT = 500
/** Past it the server answers 503 instead of growing; one organization alone has half of it. */
const MAX_WAITING = 20_000
const CALLS = { code: 'overloaded', what: 'acknowledgements that wait to be written' } as const

export interface PendingLeaseSettlement extends PendingWrite<LeaseSettlement, SettleResult> {
  organizationId: string
}

/** What clients that pull say of their leases, waiting for a commit. Organizations take turns. */
export class PendingLeaseSettlements {
  readonly #places = new FairPlaces(MAX_WAITING)
  readonly #waiting = new FairQueue<PendingLeaseSettlement>()

  get length(): number {
    return this.#waiting.length
  }

  /** Answers null where it waits now; else why there is no room for it. */
  push(pending: PendingLeaseSettlement): Problem | null {
    const { organizationId } = pending
    if (!this.#places.take(organizationId)) return full(this.#places, organizationId, CALLS)
    this.#waiting.push(organizationId, pending)
    return null
  }

  /** As many as a commit takes. */
  take(): PendingLeaseSettlement[] {
    const taken = this.#waiting.take(MAX_OF_A_COMMIT)
    for (const { organizationId } of taken) this.#places.give(organizationId)
    return taken
  }
}
