import { type Runtime, sleep } from '../../runtime.ts'
import { isPassing } from '../client/retrying.ts'

/** A lease that begins anew again and again, for as long as its message is worked on. */
export interface HeldLease {
  /** When it ends, unless it is extended (epoch ms). */
  readonly until: number
  /** Extends it no more. */
  release(): void
}

/** After a third of it: two tries may fail before it is over. */
const PART = 1 / 3

/**
 * Holds the lease of a message that was pulled just now for `leaseMs`. `failed` is told where the server could not be asked,
 * which is tried again, and where it refuses, which is not. A lease that is lost is let go of: the message comes again.
 */
export function holdLease(deps: {
  api: { extend(receipts: string[], leaseMs: number, signal: AbortSignal): Promise<{ lost: string[] }> }
  runtime: Pick<Runtime, 'now'>
  receipt: string
  leaseMs: number
  /** Ends it like `release`. */
  signal: AbortSignal
  failed: (error: Error) => void
}): HeldLease {
  const { api, runtime, receipt, leaseMs, failed } = deps
  const released = new AbortController()
  const signal = AbortSignal.any([deps.signal, released.signal])
  let until = runtime.now() + leaseMs

  async function extendOnce(): Promise<'held' | 'over'> {
    const askedAt = runtime.now()
    try {
      const { lost } = await api.extend([receipt], leaseMs, signal)
      if (lost.length > 0) return 'over'
      until = askedAt + leaseMs
      return 'held'
    } catch (error) {
      if (signal.aborted) return 'over'
      failed(error as Error)
      return isPassing(error) ? 'held' : 'over'
    }
  }

  async function keep(): Promise<void> {
    for (;;) {
      await sleep(leaseMs * PART, signal)
      if (signal.aborted || (await extendOnce()) === 'over') return
    }
  }

  void keep()
  return {
    get until() {
      return until
    },
    release: () => released.abort(),
  }
}
