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

/**
 * A statement that removes the rows which `picked` selects, as many as its `limit` says and no more.
 *
 * @param table where the rows are
 * @param key the columns that name a row, as `picked` selects them
 * @param picked a `select` of those columns, with a limit
 *
 * The rows are picked once, before the first goes. Where the selection stood inside `in (…)`, the planner might run it
 * again for each row that it looks at, and one that skips what is locked would pick further rows each time.
 */
export function deletePicked(table: string, key: string, picked: string): string {
  return `with picked as materialized (${picked}) delete from ${table} where (${key}) in (select ${key} from picked)`
}
