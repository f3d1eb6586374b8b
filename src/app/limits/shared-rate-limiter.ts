import type { RateStore } from '../../store/cluster/rates.ts'
import type { Rate } from './rate-limiter.ts'

const WINDOW_MS = 60_000
const MAX_ORGANIZATIONS = 100_000
/**
 * The part of a limit that a node takes at once. What it holds and does not use, other nodes cannot use; a smaller part
 * costs more questions.
 */
const PORTION_SHARE = 0.02

interface Share {
  windowEndsAt: number
  limit: number
  /** Granted to this node, and not used yet. */
  tokens: number
  /** What was left for all nodes beside that, when this node last asked. */
  left: number
  asking: Promise<void> | null
}

/** As `RateLimiter`, for nodes that share each organization's limit: where a node has to ask, the answer comes later. */
export interface SharedRateLimiter {
  take(organizationId: string, own: number | null): Rate | null | Promise<Rate | null>
}

/**
 * Counts requests in minutes of the store's clock. A node takes a fiftieth of the limit at a time and grants from that, so
 * that the limit is never exceeded, and at most a fiftieth a node goes unused.
 */
export function createSharedRateLimiter(deps: {
  rates: RateStore
  now: () => number
  fallback: number
}): SharedRateLimiter {
  const { rates, now, fallback } = deps
  const shares = new Map<string, Share>()

  function shareOf(organizationId: string, limit: number): Share {
    const known = shares.get(organizationId)
    if (known !== undefined && known.limit === limit && isRunning(known, now())) return known
    if (known?.asking) return known
    if (shares.size >= MAX_ORGANIZATIONS) shares.clear()
    const fresh = { windowEndsAt: now() + WINDOW_MS, limit, tokens: 0, left: limit, asking: null }
    shares.set(organizationId, fresh)
    return fresh
  }

  function ask(organizationId: string, share: Share): Promise<void> {
    const want = Math.max(1, Math.floor(share.limit * PORTION_SHARE))
    share.asking ??= rates
      .takeOfWindow({ key: `organization ${organizationId}`, windowMs: WINDOW_MS, limit: share.limit, want })
      .then(({ granted, left, againMs }) => {
        const windowEndsAt = now() + againMs
        // What is left of the window before counts no more.
        if (windowEndsAt > share.windowEndsAt + WINDOW_MS / 2) share.tokens = 0
        share.windowEndsAt = windowEndsAt
        share.tokens += granted
        share.left = left
      })
      .finally(() => {
        share.asking = null
      })
    return share.asking
  }

  function rateOf(share: Share, exceeded: boolean): Rate {
    const { limit, windowEndsAt } = share
    return { limit, remaining: Math.max(0, share.left + share.tokens), resetAt: windowEndsAt, exceeded }
  }

  function takeFrom(organizationId: string, share: Share): Rate | null {
    if (share.tokens < 1) return share.left < 1 && share.asking === null ? rateOf(share, true) : null
    share.tokens -= 1
    const isLow = share.tokens < (share.limit * PORTION_SHARE) / 2
    // The request that finds none left asks again, and is told what went wrong.
    if (isLow && share.left > 0) ask(organizationId, share).catch(() => undefined)
    return rateOf(share, false)
  }

  async function askAndTake(organizationId: string, limit: number): Promise<Rate> {
    for (;;) {
      const share = shareOf(organizationId, limit)
      await ask(organizationId, share)
      const rate = takeFrom(organizationId, share)
      if (rate !== null) return rate
    }
  }

  return {
    take(organizationId, own) {
      const limit = own ?? fallback
      if (limit === 0) return null
      return takeFrom(organizationId, shareOf(organizationId, limit)) ?? askAndTake(organizationId, limit)
    },
  }
}

/** A window that ends later than any can belongs to a clock that was put back since. */
function isRunning({ windowEndsAt }: Share, at: number): boolean {
  return at < windowEndsAt && windowEndsAt - at <= WINDOW_MS
}
