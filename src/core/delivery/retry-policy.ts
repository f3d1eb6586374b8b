/** How often and how patiently a failed delivery is tried again. */
export interface RetryPolicy {
  /** Attempts in all, the first one included; 1 to 100. */
  maxAttempts: number
  initialDelayMs: number
  maxDelayMs: number
  multiplier: number
}

/** 16 attempts, 1 s, times 4 up to 8 h: about two and a half days. */
export const DEFAULT_RETRY_POLICY: RetryPolicy = Object.freeze({
  maxAttempts: 16,
  initialDelayMs: 1_000,
  maxDelayMs: 8 * 3_600_000,
  multiplier: 4,
})

export const MIN_RETRY_DELAY_MS = 10
export const MAX_RETRY_DELAY_MS = 7 * 24 * 3_600_000

/** Spread around each delay, so that deliveries that failed together do not come back together. */
const JITTER = 0.2

/** Milliseconds to wait after the `attempts`-th attempt failed, jittered by ±20 %. */
export function backoffMs(policy: RetryPolicy, attempts: number, random: () => number): number {
  const delay = Math.min(policy.maxDelayMs, policy.initialDelayMs * policy.multiplier ** (attempts - 1))
  return Math.round(delay * (1 - JITTER + 2 * JITTER * random()))
}

/** The most that `backoffMs` can be. */
export function longestBackoffMs(policy: RetryPolicy, attempts: number): number {
  return backoffMs(policy, attempts, () => 1)
}

/** Milliseconds from the first to the last attempt of a delivery that always fails, on average and but for the attempts. */
export function policyMs(policy: RetryPolicy): number {
  let sum = 0
  for (let attempts = 1; attempts < policy.maxAttempts; attempts++) sum += backoffMs(policy, attempts, () => 1 / 2)
  return sum
}
