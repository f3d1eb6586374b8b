import type { Exposure } from '../../core/network/exposure.ts'
import { hostFault, type Targets } from '../../core/network/target.ts'
import type { Log } from '../../runtime.ts'
import type { Store } from '../../store/store.ts'

const AT_ONCE = 500
/** A database with more listeners is looked at so far and no further: the line is a courtesy, not an inventory. */
const MAX_LISTENERS = 100_000
const SHOWN = 10

/** Where deliveries may go, and why. */
export interface TargetPolicy {
  targets: Targets
  /** Whether `DISCUE_TARGETS` says so. */
  targetsGiven: boolean
  exposedBy: Exposure
}

/** Listeners that nothing is sent to. */
export interface Forbidden {
  count: number
  /** The first of them, for the operator to look at. */
  ids: string[]
  /** Whether all listeners were looked at. */
  complete: boolean
}

/**
 * Logs one line about where deliveries may go, which setting says so, and how many listeners have an address in a URL that
 * it forbids. Reads listeners a page at a time, and ends early once `signal` is aborted. Throws `StoreUnavailable`.
 */
export async function tellTargetPolicy(
  deps: { store: { listeners: Pick<Store['listeners'], 'urls'> }; log: Pick<Log, 'info' | 'warn'> },
  policy: TargetPolicy,
  signal: AbortSignal,
): Promise<void> {
  const forbidden = await findForbidden(deps.store, policy.targets, signal)
  if (signal.aborted) return
  const level = forbidden.count > 0 ? 'warn' : 'info'
  const fields = forbidden.count > 0 ? { listeners: forbidden.ids } : {}
  deps.log[level](fields, policyLine(policy, forbidden))
}

/** The policy in a sentence. */
export function policyLine({ targets, targetsGiven, exposedBy }: TargetPolicy, { count, complete }: Forbidden): string {
  const many = complete ? String(count) : `at least ${count}`
  const listeners = count === 1 && complete ? 'listener has an address' : 'listeners have addresses'
  return `deliveries go to ${describeTargets(targets)}, ${reasonOf(targetsGiven, exposedBy)}; ${many} ${listeners} that this forbids`
}

function describeTargets({ any, public: toPublic, networks, hosts }: Targets): string {
  if (any) return 'any address'
  const listed = [
    ...(networks.length > 0 ? [`${networks.length} listed network${networks.length > 1 ? 's' : ''}`] : []),
    ...(hosts.length > 0 ? [`${hosts.length} listed host${hosts.length > 1 ? 's' : ''}`] : []),
  ]
  return [...(toPublic ? ['public addresses'] : []), ...listed]
    .join(', ')
    .replace(/, ([^,]*)$/, ' and $1')
    .concat(' only')
}

function reasonOf(given: boolean, exposedBy: Exposure): string {
  if (given) return 'because DISCUE_TARGETS says so'
  if (exposedBy === null) return 'because the server is reached on loopback alone, and DISCUE_TARGETS is not set'
  return `because ${exposedBy} lets others than this machine reach the server, and DISCUE_TARGETS is not set`
}

async function findForbidden(
  store: { listeners: Pick<Store['listeners'], 'urls'> },
  targets: Targets,
  signal: AbortSignal,
): Promise<Forbidden> {
  const found: Forbidden = { count: 0, ids: [], complete: true }
  if (targets.any) return found
  let after: string | null = null
  for (let seen = 0; !signal.aborted; seen += AT_ONCE) {
    if (seen >= MAX_LISTENERS) return { ...found, complete: false }
    const page: Awaited<ReturnType<typeof store.listeners.urls>> = await store.listeners.urls({ after, limit: AT_ONCE })
    for (const { id, notifyUrl, livenessUrl } of page) {
      if (![notifyUrl, livenessUrl].some((url) => url !== null && hostFault(targets, new URL(url).hostname) !== null))
        continue
      found.count += 1
      if (found.ids.length < SHOWN) found.ids.push(id)
    }
    if (page.length < AT_ONCE) return found
    after = page.at(-1)!.id
  }
  return found
}
