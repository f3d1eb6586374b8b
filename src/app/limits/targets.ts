import { addressesFault, hostFault, judgedByAddress, type Targets } from '../../core/network/target.ts'
import { type Fault, Problem } from '../../core/problem.ts'
import type { Runtime } from '../../runtime.ts'
import type { LookUpName } from '../deps.ts'

/** How long a client that sets a URL waits for its name; a name that takes longer is judged when it is sent to. */
const LOOK_UP_MS = 1_000

interface Urls {
  notifyUrl?: string | null
  livenessUrl?: string | null
  /** Where tokens are fetched. */
  tokenUrl?: string
}

/** With the places in the body where they stand. */
function placed({ notifyUrl, livenessUrl, tokenUrl }: Urls): [path: string, url: string | null | undefined][] {
  return [
    ['/notify_url', notifyUrl],
    ['/liveness_url', livenessUrl],
    ['/auth/token_url', tokenUrl],
  ]
}

/** Throws `invalid` where a URL that is given names a place that the server may not send to. */
export function expectTargets(targets: Targets, urls: Urls): void {
  const errors = placed(urls).flatMap(([path, url]) => faultsOf(targets, path, url))
  if (errors.length > 0) throw new Problem('invalid', { errors })
}

/**
 * Throws `invalid` where the name in a URL that is given resolves to nothing but addresses that the server may not send
 * to. Takes a second at most; a name that cannot be looked up by then is no fault, for every connection is judged anyway.
 */
export async function expectResolvedTargets(
  deps: { targets: Targets; lookUpName: LookUpName; runtime: Pick<Runtime, 'upkeep'> },
  organizationId: string,
  urls: Urls,
): Promise<void> {
  const faults = await Promise.all(placed(urls).map(([path, url]) => resolvedFault(deps, organizationId, path, url)))
  const errors = faults.filter((fault) => fault !== null)
  if (errors.length > 0) throw new Problem('invalid', { errors })
}

function faultsOf(targets: Targets, path: string, url: string | null | undefined): Fault[] {
  const message = url ? hostFault(targets, new URL(url).hostname) : null
  return message === null ? [] : [{ path, message }]
}

async function resolvedFault(
  { targets, lookUpName, runtime }: Parameters<typeof expectResolvedTargets>[0],
  organizationId: string,
  path: string,
  url: string | null | undefined,
): Promise<Fault | null> {
  const hostname = url ? new URL(url).hostname : ''
  if (hostname === '' || !judgedByAddress(targets, hostname)) return null
  const { promise: late, resolve } = Promise.withResolvers<readonly string[]>()
  const cancel = runtime.upkeep(LOOK_UP_MS, () => resolve([]))
  const found = lookUpName(hostname, { organizationId }).catch(() => [])
  const message = addressesFault(targets, hostname, await Promise.race([found, late]))
  cancel()
  return message === null ? null : { path, message }
}
