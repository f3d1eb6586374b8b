import type { Only, Slice } from '../store/listing/slice.ts'
import { texts } from './connect/arrays.ts'

/** A restriction to ids as an array; null where there is none. */
export function onlyOf(only: Only): string | null {
  return only === null ? null : texts(only)
}

/** PostgreSQL reads a limit of null as none. */
export function sliceOf(slice: Slice): [limit: number | null, offset: number] {
  return slice === null ? [null, 0] : [slice.limit, slice.offset]
}
