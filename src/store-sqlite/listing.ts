import type { Only, Slice } from '../store/listing/slice.ts'

/** A restriction to ids as the JSON array that `json_each` takes; null where there is none. */
export function onlyOf(only: Only): string | null {
  return only === null ? null : JSON.stringify(only)
}

/** SQLite reads a negative limit as none. */
export function sliceOf(slice: Slice): { limit: number; offset: number } {
  return slice ?? { limit: -1, offset: 0 }
}
