import type { Listener } from '../../core/delivery/listener.ts'
import type { Fault } from '../../core/problem.ts'
import { VERIFIED_MS, verifiableHostOf } from '../../core/tenant/domain.ts'
import type { AppDeps } from '../deps.ts'

type VerificationDeps = Pick<AppDeps, 'store' | 'runtime' | 'domainVerification'>
type Urls = Partial<Pick<Listener, 'notifyUrl' | 'livenessUrl'>>

/** The URLs that are not on a verified domain of the organization, if that is required, as faults of the body. */
export async function unverified(deps: VerificationDeps, organizationId: string, urls: Urls): Promise<Fault[]> {
  if (deps.domainVerification !== 'required') return []
  const since = deps.runtime.now() - VERIFIED_MS
  const errors: Fault[] = []
  for (const [path, url] of [
    ['/notify_url', urls.notifyUrl],
    ['/liveness_url', urls.livenessUrl],
  ] as const) {
    if (url === null || url === undefined) continue
    const { hostname, ports } = verifiableHostOf(url)
    if (await deps.store.domains.isVerified({ organizationId, hostname, ports, since })) continue
    const message = `must be on a verified domain; ${hostname} at port ${ports.at(-1)} is none: POST /domains, then verify it`
    errors.push({ path, message })
  }
  return errors
}
