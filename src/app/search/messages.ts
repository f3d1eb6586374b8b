import { AFTER_EVERY_ID, encodeTime } from '../../core/id.ts'
import type { MessageFilter } from '../../core/search/message-filter.ts'
import type { Principal } from '../../core/tenant/api-key.ts'
import type { MessageDetails } from '../../store/messages.ts'
import type { AppDeps } from '../deps.ts'
import { readRoute } from '../queues.ts'
import { onlyVisible } from '../tenant/visibility.ts'

/** One call to the store is a few milliseconds' work, for which writes wait. */
const EXAMINED_AT_ONCE = 500
/** Over all queues each call finds the newest of each of them first, and lets writes in between. */
const EXAMINED_OF_ALL = 2_000
const BYTES_AT_ONCE = 1024 * 1024
/** Past this many messages, or bytes of their data, the client goes on by the cursor. */
const MOST_EXAMINED = 10_000
const MOST_BYTES = 16 * 1024 * 1024

export interface MessageSearch {
  principal: Principal
  /** Null: all that the key may see. */
  queueId: string | null
  filter: MessageFilter
  /** When it was accepted, in epoch milliseconds, both inclusive; null has no bound. */
  since: number | null
  until: number | null
  /** The id to go on below. */
  before: string | null
  limit: number
}

/** Newest first; `next` is where to go on, also where nothing was found yet. Throws `queue_not_found`. */
export async function searchMessages(
  deps: Pick<AppDeps, 'store' | 'runtime'>,
  { principal, queueId, filter, limit, ...range }: MessageSearch,
): Promise<{ entries: MessageDetails[]; next: string | null }> {
  const { organizationId } = principal
  if (queueId !== null) await readRoute(deps, { organizationId, id: queueId })
  const ask = { organizationId, queueId, only: onlyVisible(principal, 'messages'), filter, now: deps.runtime.now() }
  // Ids begin with the time, so the index that they lie in finds a time as well.
  const from = range.since === null ? '' : encodeTime(range.since)
  const end = range.until === null ? AFTER_EVERY_ID : encodeTime(range.until + 1)
  let before = range.before !== null && range.before < end ? range.before : end
  const entries: MessageDetails[] = []
  const examine = queueId === null ? EXAMINED_OF_ALL : EXAMINED_AT_ONCE
  for (let looked = 0, bytes = 0; looked < MOST_EXAMINED && bytes < MOST_BYTES; ) {
    const part = { limit: limit - entries.length, examine, examineBytes: BYTES_AT_ONCE }
    const found = await deps.store.messages.search({ ...ask, from, before, ...part })
    entries.push(...found.entries)
    if (found.next === null) return { entries, next: null }
    before = found.next
    if (entries.length === limit) break
    looked += found.looked
    bytes += found.bytes
  }
  return { entries, next: before }
}
