import type { CheckReport } from '../core/delivery/preflight.ts'
import { invalid, Problem } from '../core/problem.ts'
import type { AppDeps } from './deps.ts'
import { type ListenerAddress, readListener } from './listeners.ts'

/**
 * Tries the way to a listener, disabled ones too, without storing anything. Throws `listener_not_found`,
 * `listener_pulls`, `invalid`, `too_many_checks`, `overloaded` and `stopping`.
 */
export async function checkListener(
  deps: Pick<AppDeps, 'store' | 'recentLiveness' | 'preflight'>,
  ask: ListenerAddress,
): Promise<CheckReport> {
  const listener = await readListener(deps, ask)
  const { notifyUrl } = listener
  if (notifyUrl === null) throw new Problem('listener_pulls')
  // The domain may be another's, who would get a signed message of ours.
  if (listener.settings.awaitsVerification) throw invalid('/notify_url', 'is on a domain that is not verified yet')
  return deps.preflight.check({ ...listener, notifyUrl })
}
