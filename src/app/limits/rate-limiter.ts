const WINDOW_MS = 60_000
/** Far more organizations than a server serves within a minute. */
const MAX_WINDOWS = 100_000

/** How an organization stands with its limit of requests. It changes with the next request: read it at once. */
export interface Rate {
  /** Requests a minute. */
  limit: number
  remaining: number
  /** When the count begins anew, in milliseconds since the epoch. */
  resetAt: number
  /** This request is one too many. */
  exceeded: boolean
}

export interface RateLimiter {
  /** Counts a request; null where nothing limits it. `own` is the organization's own limit, if it has one. */
  take(organizationId: string, own: number | null): Rate | null
}

/**
 * Counts the requests of each organization in windows of a minute that begin with the first request in them.
 * `fallback` is for organizations without a limit of their own; 0 means none.
 */
export function createRateLimiter({ now, fallback }: { now: () => number; fallback: number }): RateLimiter {
  // In the order of their beginning, so that those that have ended are the first.
  const windows = new Map<string, Rate & { used: number }>()

  function windowOf(organizationId: string, at: number) {
    const known = windows.get(organizationId)
    // One that ends later than any window can belongs to a clock that was put back since.
    if (known !== undefined && at < known.resetAt && known.resetAt - at <= WINDOW_MS) return known
    windows.delete(organizationId)
    forgetEnded(at)
    const fresh = { limit: 0, remaining: 0, resetAt: at + WINDOW_MS, exceeded: false, used: 0 }
    windows.set(organizationId, fresh)
    return fresh
  }

  /** At the bound the oldest window goes: an organization may then get more requests, never fewer. */
  function forgetEnded(at: number): void {
    for (const [organizationId, { resetAt }] of windows) {
      if (at < resetAt && windows.size < MAX_WINDOWS) return
      windows.delete(organizationId)
    }
  }

  return {
    take(organizationId, own) {
      const limit = own ?? fallback
      if (limit === 0) return null
      const window = windowOf(organizationId, now())
      window.limit = limit
      window.exceeded = window.used >= limit
      if (!window.exceeded) window.used += 1
      window.remaining = Math.max(0, limit - window.used)
      return window
    },
  }
}
