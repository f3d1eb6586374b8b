import { decodeNumber, isId, TIME_CHARS } from '../../core/id.ts'
import type { ApiClient } from './api-client.ts'
import { Failure } from './failure.ts'

/** Ids begin with their time of creation; none is older than the format. */
const FIRST_IDS_AT = Date.UTC(2025, 0, 1)
/** The server's clock may be a little ahead of ours; names that look like ids of the far future are names. */
const AHEAD_MS = 400 * 86_400_000
/** Messages that are searched for a name: enough for trying things out, and bounded. */
const SEARCHED = 1_000

/** Whether a text is an id, and not a name of 21 letters that happens to have an id's shape. */
export function looksLikeId(text: string, now: number): boolean {
  if (!isId(text)) return false
  const madeAt = decodeNumber(text.slice(0, TIME_CHARS))
  return madeAt >= FIRST_IDS_AT && madeAt <= now + AHEAD_MS
}

/**
 * The id of the entry of a listing that has this name or id. An id is taken as it is, so that a key that may use a
 * resource without seeing the listing can. Throws `Failure` where nothing, or more than one, has the name.
 */
export async function resolveId(
  api: ApiClient,
  now: number,
  ask: { path: string; collection: string; what: string; text: string },
): Promise<string> {
  if (looksLikeId(ask.text, now)) return ask.text
  const found: string[] = []
  let seen = 0
  for await (const entry of api.all<{ id: string; name: string }>(ask.path, ask.collection)) {
    if (entry.name === ask.text) found.push(entry.id)
    if (++seen === SEARCHED && ask.collection === 'messages') break
  }
  if (found.length === 1) return found[0]!
  if (found.length > 1) throw new Failure(`${found.length} ${ask.what}s are named "${ask.text}"; give an id`)
  throw new Failure(`there is no ${ask.what} named "${ask.text}"`)
}
