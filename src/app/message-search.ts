import { AFTER_EVERY_ID, encodeTime } from '../core/id.ts'
import type { Principal } from '../core/tenant/api-key.ts'
import type { MessageDetails, MessageFilter } from '../store/messages.ts'
import type { AppDeps } from './deps.ts'
import { readRoute } from './queues.ts'
import { onlyVisible } from './tenant/visibility.ts'

/** One call to the store is a few milliseconds' work, for which writes wait. */
const EXAMINED_AT_ONCE = 500
/** Past this many messages that do not fit, the caller goes on by the cursor. */
const MAX_CALLS = 40
export interface MessageSearch {
  principal: Principal
  queueId: string
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
  await readRoute(deps, { organizationId, id: queueId })
  const ask = { organizationId, queueId, only: onlyVisible(principal, 'messages'), filter, now: deps.runtime.now() }
  // Ids begin with the time, so the index that they lie in finds a time as well.
  const from = range.since === null ? '' : encodeTime(range.since)
  const end = range.until === null ? AFTER_EVERY_ID : encodeTime(range.until + 1)
  let before = range.before !== null && range.before < end ? range.before : end
  const entries: MessageDetails[] = []
  for (let calls = 0; calls < MAX_CALLS; calls++) {
    const part = { from, before, limit: limit - entries.length, examine: EXAMINED_AT_ONCE }
    const found = await deps.store.messages.search({ ...ask, ...part })
    entries.push(...found.entries)
    if (found.next === null) return { entries, next: null }
    before = found.next
    if (entries.length === limit) break
  }
  return { entries, next: before }
}
