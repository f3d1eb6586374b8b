import { asText, isPrivateKeyText, privateKeyText, secretsIn } from './signing-secrets.ts'

/** A secret or private key that was replaced, and that signs beside the new one until receivers had time to learn that. */
export interface RetiredSecret {
  /** As `secretsIn` takes it. */
  secret: string
  /** From then on it signs nothing, and is forgotten. */
  until: number
}

/** What a listener's deliveries are signed with. */
export interface Secrets {
  /** The secret, and the private key where it has one, as `asText` puts them together. */
  secret: string
  retiredSecrets: readonly RetiredSecret[]
}

/** What replaces what a listener has; what is left out stays. */
export interface SecretChange {
  secret?: string | undefined
  /** Null: none any more. */
  privateKey?: string | null | undefined
}

export const OVERLAP_MS = 24 * 3_600_000
/** Beside what signs at present only the one of its kind before it does, so that a second rotation ends one that leaked. */
export const MAX_RETIRED = 1

/**
 * The secrets after a rotation: the new ones, and those that they replace, which sign for another 24 hours. What was
 * retired of their kind before signs nothing from now on; a private key that is taken away signs nothing at once.
 */
export function rotated(current: Secrets, change: SecretChange, now: number): Secrets {
  const was = secretsIn(current.secret)
  const secret = change.secret ?? was.secret!
  const privateKey = change.privateKey === undefined ? was.privateKey : change.privateKey
  const until = now + OVERLAP_MS
  const replaced: RetiredSecret[] = []
  if (change.secret !== undefined) replaced.push({ secret: was.secret!, until })
  if (privateKey !== was.privateKey && was.privateKey !== null) {
    replaced.push({ secret: privateKeyText(was.privateKey), until })
  }
  const retired = unexpired([...replaced, ...current.retiredSecrets], now)
  const kept = privateKey === null ? retired.filter((one) => !isPrivateKeyText(one.secret)) : retired
  return { secret: asText({ secret, privateKey }), retiredSecrets: kept }
}

/**
 * The retired ones that still sign, of a list that begins with the newest. A database of before may hold more than
 * may sign.
 */
export function unexpired(retired: readonly RetiredSecret[], now: number): RetiredSecret[] {
  const newest = (isPrivate: boolean) =>
    retired.filter(({ secret }) => isPrivateKeyText(secret) === isPrivate).slice(0, MAX_RETIRED)
  const kept = new Set([...newest(false), ...newest(true)])
  return retired.filter((one) => kept.has(one) && one.until > now)
}
