import type { SecretBox } from '../tenant/secret-box.ts'
import { openedValue, openedValueOrNull, type StoredValue, sealedValue } from '../tenant/stored-value.ts'
import type { FixedHeaders } from './fixed-headers.ts'

/** A listener's headers as they are stored, by the name that it gave them. */
export type StoredHeaders = Readonly<Record<string, StoredValue>>

/** Headers that replace those of a listener; null stands for the value that is stored under the name. */
export type HeadersChange = Readonly<Record<string, StoredValue | null>>

/**
 * The headers after a change. A value that is to be kept and is not there any more, because another client has removed it
 * meanwhile, stays removed.
 */
export function withHeaders(stored: StoredHeaders, change: HeadersChange): StoredHeaders {
  const kept = Object.entries(change).map(([name, value]) => [name, value ?? storedValue(stored, name)] as const)
  return Object.fromEntries(kept.filter((entry): entry is [string, StoredValue] => entry[1] !== undefined))
}

/** The value under a name, whose upper and lower case are the same. */
export function storedValue(stored: StoredHeaders, name: string): StoredValue | undefined {
  const lower = name.toLowerCase()
  return Object.entries(stored).find(([other]) => other.toLowerCase() === lower)?.[1]
}

/** The change with every value that is in clear encrypted, where there is a key. */
export function sealedHeaders<Change extends HeadersChange>(
  box: SecretBox,
  listenerId: string,
  change: Change,
): Change {
  const seal = ([name, value]: [string, StoredValue | null]) =>
    [name, sealedValue(box, placeOf(listenerId, name), value)] as const
  return Object.fromEntries(Object.entries(change).map(seal)) as Change
}

/** The headers in clear. Throws `SecretUnreadable`. */
export function openedHeaders(box: SecretBox, listenerId: string, stored: StoredHeaders): FixedHeaders {
  const open = ([name, value]: [string, StoredValue]) =>
    [name, openedValue(box, placeOf(listenerId, name), value)] as const
  return Object.fromEntries(Object.entries(stored).map(open))
}

/** One value in clear, or null where it cannot be had. */
export function openedHeaderOrNull(
  box: SecretBox,
  { listenerId, name }: { listenerId: string; name: string },
  value: StoredValue,
): string | null {
  return openedValueOrNull(box, placeOf(listenerId, name), value)
}

/** What a value is bound to: moved to another listener, or under another name, it cannot be read. */
function placeOf(listenerId: string, name: string): string {
  return `${listenerId} header ${name.toLowerCase()}`
}
