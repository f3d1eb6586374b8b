import { openedOrNull, type SecretBox } from '../tenant/secret-box.ts'
import type { FixedHeaders } from './fixed-headers.ts'

/** A header's value as it is stored: in clear, or as a text of `secret-box.ts`. */
export type StoredHeaderValue = string | { readonly sealed: string }

/** A listener's headers as they are stored, by the name that it gave them. */
export type StoredHeaders = Readonly<Record<string, StoredHeaderValue>>

/** Headers that replace those of a listener; null stands for the value that is stored under the name. */
export type HeadersChange = Readonly<Record<string, StoredHeaderValue | null>>

/**
 * The headers after a change. A value that is to be kept and is not there any more, because another client has removed it
 * meanwhile, stays removed.
 */
export function withHeaders(stored: StoredHeaders, change: HeadersChange): StoredHeaders {
  const kept = Object.entries(change).map(([name, value]) => [name, value ?? storedValue(stored, name)] as const)
  return Object.fromEntries(kept.filter((entry): entry is [string, StoredHeaderValue] => entry[1] !== undefined))
}

/** The value under a name, whose upper and lower case are the same. */
export function storedValue(stored: StoredHeaders, name: string): StoredHeaderValue | undefined {
  const lower = name.toLowerCase()
  return Object.entries(stored).find(([other]) => other.toLowerCase() === lower)?.[1]
}

/** The change with every value that is in clear encrypted, where there is a key. */
export function sealedHeaders<Change extends HeadersChange>(
  box: SecretBox,
  listenerId: string,
  change: Change,
): Change {
  const seal = ([name, value]: [string, StoredHeaderValue | null]) =>
    [
      name,
      typeof value === 'string' && box.seals ? { sealed: box.seal(value, placeOf(listenerId, name)) } : value,
    ] as const
  return Object.fromEntries(Object.entries(change).map(seal)) as Change
}

/** The headers in clear. Throws `SecretUnreadable`. */
export function openedHeaders(box: SecretBox, listenerId: string, stored: StoredHeaders): FixedHeaders {
  const open = ([name, value]: [string, StoredHeaderValue]) =>
    [name, typeof value === 'string' ? value : box.open(value.sealed, placeOf(listenerId, name))] as const
  return Object.fromEntries(Object.entries(stored).map(open))
}

/** One value in clear, or null where it cannot be had. */
export function openedHeaderOrNull(
  box: SecretBox,
  { listenerId, name }: { listenerId: string; name: string },
  value: StoredHeaderValue,
): string | null {
  return typeof value === 'string' ? value : openedOrNull(box, value.sealed, placeOf(listenerId, name))
}

/** What a value is bound to: moved to another listener, or under another name, it cannot be read. */
function placeOf(listenerId: string, name: string): string {
  return `${listenerId} header ${name.toLowerCase()}`
}
