import { expectFewDeliveries } from '../core/delivery/delivery.ts'
import { isForLater } from '../core/delivery/message.ts'
import { FilterBudget } from '../core/listener-filter/filter-budget.ts'
import { isLeftOut, type LeftOut } from '../core/listener-filter/left-out.ts'
import { type Fault, Problem } from '../core/problem.ts'
import { type Principal, permits, visible } from '../core/tenant/api-key.ts'
import type { ListenerDetails } from '../store/listeners.ts'
import { type AcceptedMessage, loadRoute, madeNow, type NewMessage } from './accept-message.ts'
import type { FilteredRoute } from './caches/queue-directory.ts'
import { TimeSlices } from './caches/time-slices.ts'
import type { AppDeps, ShownRequest } from './deps.ts'
import { FilterJudge } from './left-out.ts'

type Listener = FilteredRoute['listeners'][number]
type Deps = Pick<AppDeps, 'directory' | 'runtime' | 'schemaChecks' | 'store' | 'requestPreview'>

/**
 * What would become of a message for a listener. `delivers`: it would be sent, or be there to be pulled; `waits`: it would be
 * stored for the listener, and held back; `left_out`: it is no delivery of the listener; `refused`: it would not be stored.
 */
type Verdict = 'delivers' | 'waits' | 'left_out' | 'refused'

export const DRY_RUN_REASONS = [
  'filter',
  'schema',
  'disabled',
  'unverified',
  'paused',
  'scheduled',
  'secret_unreadable',
] as const
type DryRunReason = (typeof DRY_RUN_REASONS)[number]

/** One listener of the queue. */
interface DryRunEntry {
  id: string
  name: string
  verdict: Verdict
  reason: DryRunReason | null
  /** What of the filter the message is not, as a JSON pointer into it. */
  failed: string | null
  /** The first attempt's; null where none is sent, and for all but the first hundred that have one. */
  request: ShownRequest | null
}

export interface DryRun {
  listeners: DryRunEntry[]
  /** Where the message does not fit the queue's schema. */
  errors: Fault[]
}

/** Requests that are shown: each signs the whole message. */
const MAX_REQUESTS = 100
/** Characters of data that are signed in one go. */
const SIGNED_AT_ONCE = 1024 * 1024

/**
 * Tells who would get a message, and stores nothing: the listeners that the key may see, in order of their ids. Throws
 * `scope_missing` without the right to read listeners, and what `acceptMessage` does before it asks the store, but for a
 * message that does not fit the queue's schema.
 */
export async function dryRun(
  deps: Deps,
  { principal, queueId, ...asked }: { principal: Principal; queueId: string } & NewMessage,
): Promise<DryRun> {
  if (!permits(principal, { resource: 'listeners', access: 'read', ids: [] }))
    throw new Problem('scope_missing', { detail: SCOPE })
  const { organizationId } = principal
  const message = madeNow(deps, { organizationId, queueId, ...asked })
  const route = await loadRoute(deps, { organizationId, queueId })
  expectFewDeliveries(1, route.listeners.length)
  const { parsed, errors } = fitted(deps, route, message)
  const leftOut = route.filters === null ? null : new FilterJudge(route.filters).leftOut(message, '', parsed)
  const judged = judgeAll(route, message, { leftOut, isRefused: errors.length > 0, now: deps.runtime.now() })
  const sees = visible(principal, 'listeners')
  const seen = judged.filter(({ listener }) => sees(listener.id, queueId))
  return { listeners: await withRequests(deps, message, seen), errors }
}

const SCOPE = 'a dry run tells of listeners: the API key lacks the scope to read them'

function fitted(
  { schemaChecks }: Deps,
  { queue }: FilteredRoute,
  message: AcceptedMessage,
): { parsed: object | null; errors: Fault[] } {
  try {
    return { parsed: schemaChecks.expectFit(queue, message), errors: [] }
  } catch (error) {
    if (error instanceof Problem && error.code === 'invalid') return { parsed: null, errors: [...(error.errors ?? [])] }
    throw error
  }
}

type Judged = Omit<DryRunEntry, 'id' | 'name' | 'request'> & { listener: Listener }

function judgeAll(
  { queue, listeners, filters }: FilteredRoute,
  message: AcceptedMessage,
  { leftOut, isRefused, now }: { leftOut: LeftOut | null; isRefused: boolean; now: number },
): Judged[] {
  const failedAt = leftOut === null ? null : filters!.misfits(message, new FilterBudget())
  const held: DryRunReason | null = queue.paused ? 'paused' : isForLater(message, now) ? 'scheduled' : null
  return listeners.map((listener, place): Judged => {
    if (isRefused) return { listener, verdict: 'refused', reason: 'schema', failed: null }
    if (isLeftOut(leftOut, place)) {
      return { listener, verdict: 'left_out', reason: 'filter', failed: failedAt!(place) }
    }
    const reason = ownReason(listener) ?? held
    return { listener, verdict: reason === null ? 'delivers' : 'waits', reason, failed: null }
  })
}

/** Why the listener itself would wait. */
function ownReason({ settings }: Pick<ListenerDetails, 'settings'>): DryRunReason | null {
  if (settings.status === 'disabled') return 'disabled'
  return settings.awaitsVerification ? 'unverified' : null
}

/** In pieces: each request signs the whole message. */
async function withRequests(deps: Deps, message: AcceptedMessage, judged: readonly Judged[]): Promise<DryRunEntry[]> {
  const slices = new TimeSlices(SIGNED_AT_ONCE)
  const entries: DryRunEntry[] = []
  let left = MAX_REQUESTS
  for (const { listener, ...rest } of judged) {
    const { id, name, notifyUrl } = listener
    const isSent = notifyUrl !== null && (rest.verdict === 'delivers' || rest.verdict === 'waits')
    if (!isSent || left === 0) {
      entries.push({ id, name, ...rest, request: null })
      continue
    }
    left -= 1
    const request = deps.requestPreview.first({ ...listener, notifyUrl }, message, deps.runtime.now())
    const unreadable = { verdict: 'waits', reason: 'secret_unreadable', failed: null } as const
    entries.push({ id, name, ...(request === null ? unreadable : rest), request })
    if (slices.due(message.data.length)) await slices.pause()
  }
  return entries
}
