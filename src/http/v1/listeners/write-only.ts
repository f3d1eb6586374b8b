/** What answers show in place of a value that they never show; sent back, it means the value that is stored. */
export const HIDDEN = '***'

/** A value as a client gives it; null: the stored one is to be kept. */
export function given(value: string): string | null {
  return value === HIDDEN ? null : value
}
