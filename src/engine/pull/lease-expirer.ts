import type { Cancel, Runtime } from '../../runtime.ts'
import type { ExpiredLeases } from '../../store/pulls.ts'
import type { Store } from '../../store/store.ts'

const MAX_EXPIRED = 500
/** Leases that run out shortly after one another are ended together. */
const PAUSE_MS = 100
/** After the store could not be asked. */
const RETRY_MS = 1_000

/**
 * Ends leases that have run out, so that a delivery whose last one did is missed also where no client pulls any more.
 * It sleeps until the next one can run out, instead of looking again and again.
 */
export interface LeaseExpirer {
  /** A lease ends then. */
  expectAt(at: number): void
  /** Looks now, also for leases that other nodes gave. */
  look(): Promise<void>
  stop(): Promise<void>
}

export function createLeaseExpirer(deps: {
  store: Pick<Store, 'pulls'>
  runtime: Runtime
  /** Told of what can be had now. */
  freed: (listenerId: string, dueAt: number) => void
}): LeaseExpirer {
  const { store, runtime } = deps
  let wakeAt: number | null = null
  let cancel: Cancel | null = null
  let running: Promise<void> | null = null
  let stopped = false

  function expectAt(at: number): void {
    // A wake-up whose time is over, by a clock that was set, keeps no other away.
    if (stopped || (wakeAt !== null && wakeAt <= at && wakeAt > runtime.now())) return
    cancel?.()
    wakeAt = at
    cancel = runtime.at(at, () => {
      wakeAt = null
      cancel = null
      void look()
    })
  }

  function look(): Promise<void> {
    running ??= expire().finally(() => {
      running = null
    })
    return running
  }

  async function expire(): Promise<void> {
    const now = runtime.now()
    try {
      const { freed, nextAt } = await store.pulls.expire({ now, limit: MAX_EXPIRED })
      for (const [listenerId, dueAt] of earliest(freed)) deps.freed(listenerId, dueAt)
      if (nextAt !== null) expectAt(nextAt <= now ? now : Math.max(nextAt, now + PAUSE_MS))
    } catch (error) {
      runtime.log.error({ err: error }, 'leases that have run out could not be ended')
      expectAt(now + RETRY_MS)
    }
  }

  return {
    expectAt,
    look,
    async stop() {
      stopped = true
      cancel?.()
      await running
    },
  }
}

/** By listener, for a message or for hundreds. */
function earliest(freed: ExpiredLeases['freed']): Map<string, number> {
  const times = new Map<string, number>()
  for (const { listenerId, dueAt } of freed) times.set(listenerId, Math.min(dueAt, times.get(listenerId) ?? dueAt))
  return times
}
