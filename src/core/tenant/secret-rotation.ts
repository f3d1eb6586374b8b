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
/** Beside the present secret only the one before it signs, so that a second rotation ends a secret that leaked. */
export const MAX_RETIRED = 1

/**
 * The secrets after a rotation: the new one, and the one that it replaces, which signs for another 24 hours. What was
 * retired before signs nothing from now on.
 */
export function rotated(current: Secrets, secret: string, now: number): Secrets {
  const replaced = { secret: current.secret, until: now + OVERLAP_MS }
  return { secret, retiredSecrets: unexpired([replaced, ...current.retiredSecrets], now) }
}

/**
 * The retired secrets that still sign, of a list that begins with the newest. A database of before may hold more than
 * may sign.
 */
export function unexpired(retired: readonly RetiredSecret[], now: number): RetiredSecret[] {
  return retired.slice(0, MAX_RETIRED).filter(({ until }) => until > now)
}
