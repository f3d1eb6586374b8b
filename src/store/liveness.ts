import type { Listener } from '../core/delivery/listener.ts'
import type { LivenessChange, LivenessNews, LivenessState } from '../core/delivery/liveness.ts'

/** A listener whose `livenessUrl` is to be asked, and how it was when that was last written down. */
export interface CheckedListener {
  listener: Listener & { livenessUrl: string }
  state: LivenessState
}

export interface LivenessNote {
  listenerId: string
  news: LivenessNews
}

/** Changes kept of one listener; one that changes more often keeps those of a day all the same. */
export const CHANGES_KEPT = 1_000

/** How listeners are doing. It is shown with each (`ListenerDetails`), and survives a restart. */
export interface LivenessStore {
  /** Every listener that is enabled and has a `livenessUrl`; `after` pages by id. */
  checked(ask: { after: string | null; limit: number }): Promise<CheckedListener[]>
  /** Which nodes live and share the checks; null where the store is one process's alone. */
  nodes(ask: { now: number }): Promise<string[] | null>
  /**
   * A state that is another than the one before is remembered as a change, up to `CHANGES_KEPT` of a listener, and told
   * to other nodes (`StoreChange`). One that is deleted meanwhile is passed over.
   */
  note(notes: readonly LivenessNote[]): Promise<void>
  /** The latest first, those before `before`; null where there is no such listener. */
  changes(ask: {
    organizationId: string
    queueId: string
    id: string
    before: number | null
    offset: number
    limit: number
  }): Promise<LivenessChange[] | null>
  /** Forgets up to `limit` changes from before `before`; answers with how many. */
  prune(ask: { before: number; limit: number }): Promise<number>
}
