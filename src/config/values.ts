import { type Network, parseNetwork } from '../core/network/address.ts'
import { parseDnsServers } from '../core/network/dns-servers.ts'
import {
  type Bypass,
  EGRESS_RESOLVES,
  type Egress,
  type EgressProxy,
  parseBypass,
  parseEgressProxy,
} from '../core/network/egress.ts'
import { parseTargets, type Targets } from '../core/network/target.ts'
import { DOMAIN_VERIFICATIONS, type DomainVerification } from '../core/tenant/domain.ts'

/** Reads the text of a setting; a string that is returned instead says what would be allowed. */
export type Reader<Value> = (text: string) => { value: Value } | string

const DURATION_UNITS: Record<string, number> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }
const MAX_DURATION_DAYS = 3_660
const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent']

export function readHost(text: string): { value: string } | string {
  return /^[A-Za-z0-9.:_-]+$/.test(text) ? { value: text } : 'a host name or an address'
}

export function readPort(text: string): { value: number } | string {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN
  return port <= 65_535 ? { value: port } : 'a number from 0 to 65535'
}

export function readMetricsPort(text: string): { value: number | null } | string {
  return text === '' ? { value: null } : readPort(text)
}

export function readPublicUrl(text: string): { value: string | null } | string {
  if (text === '') return { value: null }
  const url = URL.canParse(text) ? new URL(text) : null
  const fine =
    url !== null && /^https?:$/.test(url.protocol) && url.search === '' && url.hash === '' && url.username === ''
  return fine
    ? { value: url.href.replace(/\/+$/, '') }
    : 'an http or https URL without a query, such as https://queue.example.com'
}

export function readRootApiKey(text: string): { value: string | null } | string {
  if (text === '') return { value: null }
  return /^[A-Za-z0-9_-]{32,128}$/.test(text) ? { value: text } : '32 to 128 characters of A-Z a-z 0-9 _ -'
}

export function readSecretKeys(text: string): { value: string[] } | string {
  const keys = text === '' ? [] : text.split(',')
  return keys.every((key) => /^[A-Za-z0-9+/=_-]{32,256}$/.test(key))
    ? { value: keys }
    : '32 to 256 characters of A-Z a-z 0-9 + / = _ - (make one with: openssl rand -base64 32), or a new one and the one before it with a comma between them'
}

export function readRateLimit(text: string): { value: number } | string {
  return /^\d{1,9}$/.test(text) ? { value: Number(text) } : 'a number of requests a minute, or 0 for no limit'
}

export function readTrustedProxies(text: string): { value: Network[] } | string {
  const networks = text === '' ? [] : text.split(',').map((entry) => parseNetwork(entry.trim()))
  const known = networks.filter((network) => network !== null)
  return known.length === networks.length
    ? { value: known }
    : 'addresses and CIDRs with commas between them, such as 10.0.0.0/8,192.168.1.7'
}

export function readTargets(text: string): { value: Targets | null } | string {
  if (text === '') return { value: null }
  const value = parseTargets(text)
  return value === null
    ? 'public, any, or CIDRs and host names with commas between them, such as public,10.0.0.0/8,*.example.internal'
    : { value }
}

export function readDnsServers(text: string): { value: string[] | null } | string {
  if (text === '') return { value: null }
  const value = parseDnsServers(text)
  return value === null
    ? 'addresses with or without a port, with commas between them, such as 10.0.0.2,10.0.0.3:5353,[2001:db8::1]:53'
    : { value }
}

export function readEgressProxy(text: string): { value: EgressProxy | null } | string {
  if (text === '') return { value: null }
  const value = parseEgressProxy(text)
  return value === null
    ? 'the URL of a proxy without a path, such as http://name:password@proxy.internal:3128, https://… or socks5://… (a % in a name or password is written %25)'
    : { value }
}

export function readEgressBypass(text: string): { value: Bypass } | string {
  const value = parseBypass(text)
  return value === null
    ? '*, or host names and CIDRs with commas between them, such as 10.0.0.0/8,internal.example,hooks.example:8443'
    : { value }
}

export function readEgressResolve(text: string): { value: Egress['resolve'] } | string {
  const value = EGRESS_RESOLVES.find((one) => one === text)
  return value === undefined ? EGRESS_RESOLVES.join(' or ') : { value }
}

export function readInsecureTls(text: string): { value: boolean } | string {
  return text === '' || text === 'allowed' ? { value: text !== '' } : 'allowed, or empty'
}

export function readDomainVerification(text: string): { value: DomainVerification } | string {
  const value = DOMAIN_VERIFICATIONS.find((one) => one === text)
  return value === undefined ? `one of ${DOMAIN_VERIFICATIONS.join(', ')}` : { value }
}

export function readDuration(text: string): { value: number } | string {
  const [, count = '', unit = ''] = /^(\d{1,9})([smhd])$/.exec(text) ?? []
  const value = Number(count) * (DURATION_UNITS[unit] ?? 0)
  return value > 0 && value <= MAX_DURATION_DAYS * DURATION_UNITS.d!
    ? { value }
    : `a duration such as 90m, 24h or 7d (s, m, h or d), up to ${MAX_DURATION_DAYS}d`
}

export function readPath(text: string): { value: string | null } {
  return { value: text === '' ? null : text }
}

/** Who moves the clock: the machine, or a client over HTTP. */
export type Clock = 'system' | 'manual'

export function readClock(text: string): { value: Clock } | string {
  return text === 'system' || text === 'manual' ? { value: text } : 'system or manual'
}

export function readLogLevel(text: string): { value: string } | string {
  return LOG_LEVELS.includes(text) ? { value: text } : `one of ${LOG_LEVELS.join(', ')}`
}

export type LogFormat = 'pretty' | 'json'

export function readLogFormat(text: string): { value: LogFormat | null } | string {
  if (text === '') return { value: null }
  return text === 'pretty' || text === 'json' ? { value: text } : 'pretty or json'
}
