import { type Fault, Problem } from '../core/problem.ts'
import { hostFault, type Targets } from '../core/target.ts'

/** Throws `invalid` where a URL that is given names a place that the server may not send to. */
export function expectTargets(
  targets: Targets,
  { notifyUrl, livenessUrl }: { notifyUrl?: string | null; livenessUrl?: string | null },
): void {
  const errors = [...faultsOf(targets, '/notify_url', notifyUrl), ...faultsOf(targets, '/liveness_url', livenessUrl)]
  if (errors.length > 0) throw new Problem('invalid', { errors })
}

function faultsOf(targets: Targets, path: string, url: string | null | undefined): Fault[] {
  const message = url ? hostFault(targets, new URL(url).hostname) : null
  return message === null ? [] : [{ path, message }]
}
