import { promises, type RecordWithTtl } from 'node:dns'
import type { Runtime } from '../../../runtime.ts'

/** What the name servers say of one full name. */
export type DnsAnswer =
  | { kind: 'found'; addresses: string[]; ttlMs: number }
  /** There is no such name, or it has no address. */
  | { kind: 'unknown' }
  /** No server answered in time. */
  | { kind: 'silent' }
  /** `why`: what a server, or the way to it, answered instead, such as `ESERVFAIL`. */
  | { kind: 'failed'; why: string }

/** How to ask. */
export interface DnsAsk {
  /** Addresses with or without ports; null for those of the system, as its resolv.conf has them now. */
  servers: readonly string[] | null
  limitMs: number
  signal: AbortSignal
  runtime: Pick<Runtime, 'upkeep'>
}

/** A server that is away costs this much before the next one is asked; then it is asked again, for twice as long. */
const FIRST_TRY_MS = 500
const MAX_TRY_MS = 2_000
const TRIES = 5
/** How long addresses of IPv4 wait for those of IPv6 (RFC 8305, section 3). */
const RESOLUTION_DELAY_MS = 50
/** Of each family: an answer may have thousands. */
const MAX_ADDRESSES = 32

/**
 * Asks for the addresses of both families at once, over sockets of its own, which take no thread of the pool. It never
 * throws, and always ends: after `limitMs`, or at once when the signal is aborted.
 */
export async function queryDns(name: string, ask: DnsAsk): Promise<DnsAnswer> {
  const limit = new AbortController()
  const cancelLimit = ask.runtime.upkeep(ask.limitMs, () => limit.abort())
  const signal = AbortSignal.any([ask.signal, limit.signal])
  try {
    for (let first = 0; ; first++) {
      // One for each look-up: it can be cancelled by itself, has a port of its own, which makes answers hard to forge,
      // and knows the system's servers as they are now.
      const resolver = new promises.Resolver({ timeout: FIRST_TRY_MS, tries: TRIES, maxTimeout: MAX_TRY_MS })
      const servers = ask.servers ?? resolver.getServers()
      if (ask.servers !== null || first > 0) resolver.setServers([...servers.slice(first), ...servers.slice(0, first)])
      const answer = await queryBoth(name, resolver, { signal, runtime: ask.runtime })
      // A silent server makes the resolver ask the next one; one that refuses does not.
      if (answer.kind !== 'failed' || signal.aborted || !isMore(servers, first)) return answer
    }
  } finally {
    cancelLimit()
  }
}

/** A link-local address is told without its zone, and could not be named again. */
function isMore(servers: readonly string[], first: number): boolean {
  return first + 1 < servers.length && !servers.some((server) => /^\[?fe80:/i.test(server))
}

async function queryBoth(
  name: string,
  resolver: promises.Resolver,
  { signal, runtime }: Pick<DnsAsk, 'signal' | 'runtime'>,
): Promise<DnsAnswer> {
  if (signal.aborted) return { kind: 'silent' }
  const cancel = () => resolver.cancel()
  signal.addEventListener('abort', cancel, { once: true })
  let cancelDelay = () => {}
  const [ipv6, ipv4] = await Promise.all([
    answerOf(resolver.resolve6(name, { ttl: true })).then(orCancel),
    answerOf(resolver.resolve4(name, { ttl: true })).then((answer) => {
      if (answer.kind === 'found') cancelDelay = runtime.upkeep(RESOLUTION_DELAY_MS, cancel)
      return orCancel(answer)
    }),
  ])
  cancelDelay()
  signal.removeEventListener('abort', cancel)
  return both(ipv6, ipv4)

  /** A name that does not exist has no addresses of the other family either (RFC 8020). */
  function orCancel(answer: FamilyAnswer): FamilyAnswer {
    if (answer.kind === 'unknown' && answer.wholly) cancel()
    return answer
  }
}

type FamilyAnswer = Exclude<DnsAnswer, { kind: 'unknown' }> | { kind: 'unknown'; wholly: boolean }

const SILENT: ReadonlySet<string> = new Set(['ETIMEOUT', 'ECANCELLED'])

async function answerOf(records: Promise<RecordWithTtl[]>): Promise<FamilyAnswer> {
  try {
    const found = (await records).slice(0, MAX_ADDRESSES)
    if (found.length === 0) return { kind: 'unknown', wholly: false }
    const ttlMs = Math.min(...found.map(({ ttl }) => ttl)) * 1_000
    return { kind: 'found', addresses: found.map(({ address }) => address), ttlMs }
  } catch (error) {
    const { code = 'EUNKNOWN' } = error as { code?: string }
    if (code === 'ENODATA') return { kind: 'unknown', wholly: false }
    if (code === 'ENOTFOUND' || code === 'EBADNAME') return { kind: 'unknown', wholly: true }
    return SILENT.has(code) ? { kind: 'silent' } : { kind: 'failed', why: code }
  }
}

/** Whatever was found counts; that there is nothing, only where both families say so, or one says it for both. */
function both(ipv6: FamilyAnswer, ipv4: FamilyAnswer): DnsAnswer {
  const found = [ipv6, ipv4].filter((answer) => answer.kind === 'found')
  if (found.length > 0) {
    const ttlMs = Math.min(...found.map((answer) => answer.ttlMs))
    return { kind: 'found', addresses: found.flatMap(({ addresses }) => addresses), ttlMs }
  }
  const unknown = [ipv6, ipv4].filter((answer) => answer.kind === 'unknown')
  if (unknown.length === 2 || unknown.some(({ wholly }) => wholly)) return { kind: 'unknown' }
  const failed = [ipv6, ipv4].find((answer) => answer.kind === 'failed')
  return failed ?? { kind: 'silent' }
}
