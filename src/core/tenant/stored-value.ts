import { openedOrNull, type SecretBox } from './secret-box.ts'

/**
 * A value that answers never show, as it is stored: in clear where the server has no key, else a text of `secret-box.ts`.
 * `place` is what it is bound to: moved to another one it cannot be read.
 */
export type StoredValue = string | { readonly sealed: string }

/** A value that a caller gave is encrypted, where there is a key; one that is stored, or null, stays as it is. */
export function sealedValue<Value extends StoredValue | null>(
  box: SecretBox,
  place: string,
  value: Value,
): Value | StoredValue {
  return typeof value === 'string' && box.seals ? { sealed: box.seal(value, place) } : value
}

/** The value in clear. Throws `SecretUnreadable`. */
export function openedValue(box: SecretBox, place: string, value: StoredValue): string {
  return typeof value === 'string' ? value : box.open(value.sealed, place)
}

/** The value in clear, or null where it cannot be had. */
export function openedValueOrNull(box: SecretBox, place: string, value: StoredValue): string | null {
  return typeof value === 'string' ? value : openedOrNull(box, value.sealed, place)
}
