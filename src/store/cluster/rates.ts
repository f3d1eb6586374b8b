/** What a limit leaves, as those who share it see it. */
export interface Portion {
  /** How many were granted; none, where nothing is left now. */
  granted: number
  /** How many are left for all nodes. */
  left: number
  /** When the count begins anew, or how long until one more can be had: milliseconds from now. */
  againMs: number
}

/**
 * Limits that processes share. Each takes a portion at a time, and grants from that; the times are the store's own, so
 * that it makes no difference what time a process has.
 */
export interface RateStore {
  /** Of a count that begins anew with each full `windowMs` since the epoch: up to `want`, and never more than `limit`. */
  takeOfWindow(ask: { key: string; windowMs: number; limit: number; want: number }): Promise<Portion>
  /** Of a bucket that fills evenly, by one in each `perTokenMs`, and holds `size`: up to `want`. */
  takeOfBucket(ask: { key: string; perTokenMs: number; size: number; want: number }): Promise<Portion>
}
