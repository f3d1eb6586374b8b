import type { Runtime } from '../../../runtime.ts'
import { type DnsAnswer, queryDns } from './dns-query.ts'
import { NameError } from './name-error.ts'
import { candidatesOf, othersMayKnow } from './resolver-settings.ts'
import { specialAddresses } from './special-names.ts'
import type { SystemFiles } from './system-files.ts'
import type { SystemLookup } from './system-lookup.ts'

/** The addresses of a name, at least one, and for how long they are good. */
export interface Found {
  addresses: readonly string[]
  ttlMs: number
}

/** Finds the addresses of a name before the signal is aborted. Rejects with a `NameError`. */
export type LookUp = (hostname: string, signal: AbortSignal) => Promise<Found>

/** What a look-up needs of its surroundings. */
export interface LookUpDeps {
  runtime: Pick<Runtime, 'elapsedMs' | 'upkeep'>
  files: Pick<SystemFiles, 'hosts' | 'search' | 'sources'>
  /** The name servers to ask, and nothing but them; null: those of the system, and whatever else it knows to ask. */
  servers: readonly string[] | null
  system: Pick<SystemLookup, 'find'>
  platform: NodeJS.Platform
}

/** A look-up takes no longer, whichever name server does not answer. */
export const LOOK_UP_LIMIT_MS = 5_000
/** What is in a file of this machine may be changed at any time. */
const LOCAL_TTL_MS = 5_000
/** What says nothing of how long it is good. */
const SYSTEM_TTL_MS = 30_000
/** Platforms that have ways to know names that no file tells of. */
const OTHER_WAYS: ReadonlySet<NodeJS.Platform> = new Set(['darwin', 'win32'])

/** Looks names up as the system does, its hosts file and search domains included, but without its threads. */
export function createLookUp(deps: LookUpDeps): LookUp {
  return async (hostname, signal) => {
    const name = hostname.toLowerCase()
    const local = deps.files.hosts.get(name.replace(/\.$/, ''))
    const special = specialAddresses(name)
    if (special !== null) return foundOr(local ?? special, LOCAL_TTL_MS, () => unknown(hostname))
    let dns: DnsAnswer = { kind: 'unknown' }
    for (const source of deps.files.sources.order) {
      if (source === 'files' && local !== undefined) return { addresses: local, ttlMs: LOCAL_TTL_MS }
      if (source === 'dns') dns = await searchDns(name, deps, signal)
      if (dns.kind === 'found') return dns
    }
    if (!systemMayKnow(name, dns, deps)) throw errorOf(hostname, dns)
    return foundOr(await deps.system.find(name, signal), SYSTEM_TTL_MS, () => errorOf(hostname, dns))
  }
}

function foundOr(addresses: readonly string[], ttlMs: number, error: () => NameError): Found {
  if (addresses.length === 0) throw error()
  return { addresses, ttlMs }
}

/** Asks for each full name that may be meant. A server that is silent on one of them leaves time for the rest. */
async function searchDns(name: string, deps: LookUpDeps, signal: AbortSignal): Promise<DnsAnswer> {
  const { runtime, servers } = deps
  const endsAt = runtime.elapsedMs() + LOOK_UP_LIMIT_MS
  const candidates = candidatesOf(name, deps.files.search)
  let failed: DnsAnswer | null = null
  for (const [place, candidate] of candidates.entries()) {
    const limitMs = Math.max(0, (endsAt - runtime.elapsedMs()) / (candidates.length - place))
    const answer = await queryDns(candidate, { servers, limitMs, signal, runtime })
    if (answer.kind === 'found') return answer
    if (answer.kind !== 'unknown') failed = answer
  }
  // Only where none of them exists for sure, the name does not.
  return failed ?? { kind: 'unknown' }
}

/**
 * Whether the system may know a name that DNS does not. A silent server says nothing on whether another source has the
 * name: asking it would be silence as well.
 */
function systemMayKnow(name: string, dns: DnsAnswer, { servers, files, platform }: LookUpDeps): boolean {
  if (servers !== null || dns.kind === 'silent') return false
  return OTHER_WAYS.has(platform) || othersMayKnow(name, files.sources)
}

function errorOf(hostname: string, answer: Exclude<DnsAnswer, { kind: 'found' }>): NameError {
  if (answer.kind === 'unknown') return unknown(hostname)
  const what = answer.kind === 'silent' ? 'no name server has answered' : `the name servers have failed (${answer.why})`
  return new NameError('NAME_UNANSWERED', `${hostname} could not be looked up: ${what}`)
}

function unknown(hostname: string): NameError {
  return new NameError('NAME_UNKNOWN', `${hostname} has no address, as the name servers say`)
}
