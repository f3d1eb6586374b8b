import type ipaddr from 'ipaddr.js'
import { type Address, contains, type Network, parseAddress, parseNetwork } from './address.ts'

/**
 * Where the server may send anything: deliveries, liveness checks and domain challenges. An address is judged as the
 * one that a socket connects to, so that a name which resolves to something else the second time gains nothing.
 */
export interface Targets {
  /** Nothing is refused. */
  any: boolean
  /** Whatever is reachable over the public Internet. */
  public: boolean
  networks: readonly Network[]
  /** Names that may resolve to anything; one that begins with a dot stands for all names below it. */
  hosts: readonly string[]
}

export const ANY_TARGET: Targets = Object.freeze({ any: true, public: false, networks: [], hosts: [] })
export const PUBLIC_TARGETS: Targets = Object.freeze({ any: false, public: true, networks: [], hosts: [] })

/** Reads `any`, `public`, CIDRs, addresses, names and `*.names`, with commas between them; null where one is none of these. */
export function parseTargets(text: string): Targets | null {
  const entries = text.split(',').map((entry) => entry.trim())
  const networks: Network[] = []
  const hosts: string[] = []
  for (const entry of entries) {
    if (entry === 'any' || entry === 'public') continue
    const network = parseNetwork(entry)
    const host = network === null ? parseHost(entry) : null
    if (network !== null) networks.push(network)
    else if (host !== null) hosts.push(host)
    else return null
  }
  return { any: entries.includes('any'), public: entries.includes('public'), networks, hosts }
}

function parseHost(entry: string): string | null {
  const [, wildcard = '', name = ''] = /^(\*?)(.*)$/.exec(entry)!
  if (!/^\.?[\p{L}\p{N}-]+(\.[\p{L}\p{N}-]+)*$/u.test(name) || (wildcard !== '') !== name.startsWith('.')) return null
  const url = `http://${name.replace(/^\./, '')}/`
  if (!URL.canParse(url)) return null
  const { hostname } = new URL(url)
  // Something like 0x7f.1, which every URL turns into an address, would never match as a name.
  return parseAddress(hostname) === null ? (wildcard === '' ? hostname : `.${hostname}`) : null
}

/** Whether a socket for `host` may connect to `address`; what is no address may not. */
export function permitsAddress(targets: Targets, host: string, address: string): boolean {
  if (targets.any || permitsName(targets, host)) return true
  const parsed = parseAddress(address)
  if (parsed === null) return false
  if (targets.networks.some((network) => contains(network, parsed))) return true
  return targets.public && isPublic(parsed)
}

/**
 * Why nothing can be sent to the host of a URL, or null where that depends on what its name resolves to. It spares
 * people who mistype a URL a failed delivery; what is really refused is decided by `permitsAddress`.
 */
export function hostFault(targets: Targets, hostname: string): string | null {
  if (targets.any || permitsName(targets, hostname)) return null
  const bare = hostname.replace(/^\[|\]$/g, '')
  const literal = parseAddress(bare)
  const local = /(^|\.)localhost\.?$/i.test(bare)
  if (literal === null && !local) {
    const resolves = targets.public || targets.networks.length > 0
    return resolves ? null : elsewhere(bare)
  }
  if (permitsAddress(targets, bare, local ? '127.0.0.1' : bare)) return null
  if (!targets.public) return elsewhere(bare)
  return `must be at a public address; ${bare} is ${local ? KINDS.loopback : kindOf(literal!)} ${SETTING}`
}

/**
 * Why nothing can be sent to a name that resolves to these addresses now, or null where something can. A name without any
 * address is none of these: that passes.
 */
export function addressesFault(targets: Targets, hostname: string, addresses: readonly string[]): string | null {
  const permitted = addresses.length === 0 || addresses.some((address) => permitsAddress(targets, hostname, address))
  if (permitted) return null
  // Which addresses names have in the server's own network is not for a caller to know.
  return targets.public ? `must be at a public address; ${hostname} has none ${SETTING}` : elsewhere(hostname)
}

/** Whether what can be sent to a host depends on which addresses its name resolves to. */
export function judgedByAddress(targets: Targets, hostname: string): boolean {
  if (targets.any || permitsName(targets, hostname)) return false
  return parseAddress(hostname.replace(/^\[|\]$/g, '')) === null
}

/** A hint for the operator, or a client that knows the operator. */
const SETTING = '(see DISCUE_TARGETS)'

function elsewhere(what: string): string {
  return `must be at a host that this server may send to; ${what} is none of them ${SETTING}`
}

function permitsName({ hosts }: Targets, host: string): boolean {
  if (hosts.length === 0) return false
  const name = host.toLowerCase().replace(/\.$/, '')
  return hosts.some((allowed) => (allowed.startsWith('.') ? name.endsWith(allowed) : name === allowed))
}

/** All of IPv6 that is assigned as global unicast; outside of it are only addresses with a special meaning. */
const GLOBAL = parseNetwork('2000::/3')!
/** On networks without IPv4 this is how its addresses are reached (RFC 6052). */
const TRANSLATED = parseNetwork('64:ff9b::/96')!

function isPublic(address: Address): boolean {
  if (address.kind() === 'ipv4') return address.range() === 'unicast'
  if (contains(TRANSLATED, address)) return isPublic(embeddedIn(address as ipaddr.IPv6))
  // Also refused: 6to4 and Teredo, which can wrap any address of IPv4 and which no service is reached by any more.
  return contains(GLOBAL, address) && address.range() === 'unicast'
}

function embeddedIn({ parts }: ipaddr.IPv6): Address {
  const [high = 0, low = 0] = parts.slice(6)
  return parseAddress([high >> 8, high & 255, low >> 8, low & 255].join('.'))!
}

const KINDS: Readonly<Record<string, string>> = {
  loopback: 'a loopback address',
  private: 'a private address',
  uniqueLocal: 'a private address',
  linkLocal: 'a link-local address',
  multicast: 'a multicast address',
  carrierGradeNat: 'a private address of a provider',
  unspecified: 'an address of this machine itself',
}

function kindOf(address: Address): string {
  return KINDS[address.range()] ?? 'a reserved address'
}
