/** A secret that was replaced, and that signs beside the new one until receivers had time to learn that. */
export interface RetiredSecret {
  secret: string
  /** From then on it signs nothing, and is forgotten. */
  until: number
}

/** What a listener's deliveries are signed with. */
export interface Secrets {
  secret: string
  retiredSecrets: readonly RetiredSecret[]
}

export const OVERLAP_MS = 24 * 3_600_000
/** Each costs every delivery a signature; who rotates more often within a day loses the oldest early. */
export const MAX_RETIRED = 4

/**
 * The secrets after a rotation: the new one, and whatever was replaced within the past 24 hours, newest first. A second
 * rotation within a day does not cut the first one's overlap short: a receiver may have missed the secret between.
 */
export function rotated(current: Secrets, secret: string, now: number): Secrets {
  const replaced = { secret: current.secret, until: now + OVERLAP_MS }
  return { secret, retiredSecrets: unexpired([replaced, ...current.retiredSecrets], now).slice(0, MAX_RETIRED) }
}

/** Those that still sign. */
export function unexpired(retired: readonly RetiredSecret[], now: number): RetiredSecret[] {
  return retired.filter(({ until }) => until > now)
}
