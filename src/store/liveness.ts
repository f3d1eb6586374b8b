import type { Listener } from '../core/listener.ts'
import type { LivenessNews, LivenessState } from '../core/liveness.ts'

/** A listener whose `livenessUrl` is to be asked, and how it was when that was last written down. */
export interface CheckedListener {
  listener: Listener & { livenessUrl: string }
  state: LivenessState
}

export interface LivenessNote {
  listenerId: string
  news: LivenessNews
}

/** How listeners are doing. It is shown with each (`ListenerDetails`), and survives a restart. */
export interface LivenessStore {
  /** Every listener that is enabled and has a `livenessUrl`; `after` pages by id. */
  checked(ask: { after: string | null; limit: number }): Promise<CheckedListener[]>
  /** One that is deleted meanwhile is passed over. */
  note(notes: readonly LivenessNote[]): Promise<void>
}
