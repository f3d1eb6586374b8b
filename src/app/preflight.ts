import type { CheckReport } from '../core/delivery/preflight.ts'
import { Problem } from '../core/problem.ts'
import type { AppDeps } from './deps.ts'
import { type ListenerAddress, readListener } from './listeners.ts'

/**
 * Tries the way to a listener, disabled ones too, without storing anything. Throws `listener_not_found`,
 * `listener_pulls`, `too_many_checks`, `overloaded` and `stopping`.
 */
export async function checkListener(
  deps: Pick<AppDeps, 'store' | 'signals' | 'preflight'>,
  ask: ListenerAddress,
): Promise<CheckReport> {
  const listener = await readListener(deps, ask)
  const { notifyUrl } = listener
  if (notifyUrl === null) throw new Problem('listener_pulls')
  return deps.preflight.check({ ...listener, notifyUrl })
}
