import { AFTER_EVERY_ID, decodeNumber, encodeTime, TIME_CHARS } from '../../core/id.ts'
import { type AttemptFilter, meansAll, meansFailures } from '../../core/search/attempt-filter.ts'
import type { ListenerAttempt, RetriedPosition } from '../../store/listing/listener-deliveries.ts'
import type { AppDeps } from '../deps.ts'
import { type ListenerAddress, readListener } from '../listeners.ts'
import { Source } from './source.ts'

/** One call to the store is a few milliseconds' work, for which writes wait. */
const EXAMINED_AT_ONCE = 500
/** Past this many calls for attempts that do not fit, the caller goes on by the cursor. */
const MAX_CALLS = 20

/** Where a listing of attempts goes on, in each of the two lists that it is merged from. */
export interface AttemptsPosition {
  /** Of those that failed, or were not the first of their message. */
  retried: RetriedPosition
  /** Of first attempts that were acknowledged: below this message. */
  messageId: string
}

const END: AttemptsPosition = { retried: { startedAt: 0, sequence: 0, number: 0 }, messageId: '' }
/** Later than all, and short enough for a cursor. */
const LATEST = 999_999_999_999_999
const HIGHEST_NUMBER = 999_999_999

/** Where a listing begins. */
export function beginningOf({ until }: AttemptFilter): AttemptsPosition {
  const messageId = until === null ? AFTER_EVERY_ID : encodeTime(until + 1)
  return { retried: { startedAt: LATEST, sequence: LATEST, number: HIGHEST_NUMBER }, messageId }
}

/**
 * Attempts at a listener, the latest first; `next` is where to go on, also where none was found yet. Those that failed, or
 * were not the first of their message, stand at the time at which they began; a first one that was acknowledged stands at
 * that of its message's acceptance, by which it is found. Throws `listener_not_found`.
 */
export async function listListenerAttempts(
  deps: Pick<AppDeps, 'store' | 'recentLiveness'>,
  ask: ListenerAddress & { filter: AttemptFilter; place: AttemptsPosition; limit: number },
): Promise<{ entries: ListenerAttempt[]; next: AttemptsPosition | null }> {
  await readListener(deps, ask)
  const { filter, limit } = ask
  const [retried, first] = sourcesOf(deps, ask)
  const entries: ListenerAttempt[] = []
  for (let calls = 0; entries.length < limit; ) {
    const lacking = [retried, first].find((source) => source.isLacking)
    if (lacking !== undefined && calls < MAX_CALLS) {
      await lacking.read(meansAll(filter) ? limit : EXAMINED_AT_ONCE)
      calls += 1
      continue
    }
    // What one list has not come to yet may belong before what the other one has.
    const entry = retried.headAt >= first.headAt ? retried.take() : first.take()
    if (entry === null) break
    entries.push(entry)
  }
  if (retried.isDone && first.isDone) return { entries, next: null }
  return { entries, next: { retried: retried.place, messageId: first.place } }
}

function sourcesOf(
  { store }: Pick<AppDeps, 'store'>,
  { organizationId, queueId, id: listenerId, filter, place, limit }: Parameters<typeof listListenerAttempts>[1],
): [Source<ListenerAttempt, RetriedPosition>, Source<ListenerAttempt, string>] {
  const of = { organizationId, queueId, listenerId, filter, limit }
  const retried = new Source<ListenerAttempt, RetriedPosition>({
    from: place.retried,
    end: END.retried,
    timeOf: ({ startedAt }) => startedAt,
    positionOf: ({ message, attempt }) => ({
      startedAt: attempt.startedAt,
      sequence: message.sequence,
      number: attempt.number,
    }),
    isEnd: ({ startedAt }) => startedAt === END.retried.startedAt,
    read: (before, examine) => store.listenerDeliveries.attempts({ ...of, before, examine }),
  })
  // Ids begin with the time, so the index that they lie in finds a time as well.
  const from = filter.since === null ? '' : encodeTime(filter.since)
  const first = new Source<ListenerAttempt, string>({
    from: meansFailures(filter) ? END.messageId : place.messageId,
    end: END.messageId,
    timeOf: (messageId) => (messageId === AFTER_EVERY_ID ? LATEST : decodeNumber(messageId.slice(0, TIME_CHARS))),
    positionOf: ({ message }) => message.id,
    isEnd: (messageId) => messageId === END.messageId,
    read: (before, examine) => store.listenerDeliveries.firstAttempts({ ...of, from, before, examine }),
  })
  return [retried, first]
}
