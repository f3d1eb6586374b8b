import type { Cancel, Runtime } from '../../runtime.ts'
import type { Store } from '../../store/store.ts'

/** Deliveries that are made due at a time: a few milliseconds' work, for which writes wait. */
const STEP = 500

/**
 * Sends what was accepted for now by a clock that stands behind that time since: it was due when it was accepted, and
 * would wait for the clock to come there again. Costs nothing while the clock is ahead of all that is stored.
 */
export interface BehindClock {
  /** Reads what the clock was when this database was last written. */
  start(): Promise<void>
  /** Makes all of it due; the answer is 0. */
  tick(): Promise<number>
  stop(): void
}

export function createBehindClock(deps: {
  store: Pick<Store, 'deliveries' | 'clock'>
  runtime: Pick<Runtime, 'now' | 'onLeap'>
}): BehindClock {
  const { store, runtime } = deps
  /** Nothing was accepted later than this. */
  let until = 0
  let leave: Cancel = () => undefined

  return {
    async start() {
      leave = runtime.onLeap((byMs) => {
        if (byMs < 0) until = Math.max(until, runtime.now() - byMs)
      })
      until = Math.max(until, await store.clock.read())
    },
    async tick() {
      for (let now = runtime.now(); now < until; now = runtime.now()) {
        const listenerIds = await store.deliveries.bringForward({ now, until, limit: STEP })
        if (listenerIds.length < STEP) break
      }
      return 0
    },
    stop: () => leave(),
  }
}
