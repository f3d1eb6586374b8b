import type { LivenessChange } from '../core/delivery/liveness.ts'
import { Problem } from '../core/problem.ts'
import type { AppDeps } from './deps.ts'
import { expectIds } from './ids.ts'
import type { ListenerAddress } from './listeners.ts'
import type { Listing } from './page.ts'

/** What a listener became, and when, the latest first. Throws `listener_not_found`. */
export async function listLivenessChanges(
  deps: Pick<AppDeps, 'store'>,
  ask: ListenerAddress & { before: number | null; offset: number; limit: number },
): Promise<Listing<LivenessChange>> {
  expectIds([ask.queueId, ask.id], 'listener_not_found')
  const found = await deps.store.liveness.changes({ ...ask, limit: ask.limit + 1 })
  if (found === null) throw new Problem('listener_not_found')
  return { entries: found.slice(0, ask.limit), more: found.length > ask.limit }
}
