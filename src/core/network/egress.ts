import { contains, type Network, parseAddress, parseNetwork } from './address.ts'

/** The protocols that a proxy may speak with this server: HTTP's CONNECT, the same through TLS, and SOCKS 5. */
const DEFAULT_PORTS = { 'http:': 80, 'https:': 443, 'socks5:': 1080 } as const
type ProxyProtocol = keyof typeof DEFAULT_PORTS

/** A proxy that all outgoing connections are made through. */
export interface EgressProxy {
  protocol: ProxyProtocol
  /** Without the brackets of an IPv6 address. */
  hostname: string
  port: number
  credentials: { name: string; password: string } | null
}

/** Where no proxy is used. */
export interface Bypass {
  all: boolean
  networks: readonly Network[]
  /** Names with all that is below them; in lower case. A port of null: any. */
  hosts: readonly { name: string; port: number | null }[]
}

/** Who finds the addresses of names: this server, which judges them, or the proxy, which then has to. */
export const EGRESS_RESOLVES = ['here', 'proxy'] as const

/** The way out. */
export interface Egress {
  proxy: EgressProxy
  bypass: Bypass
  resolve: (typeof EGRESS_RESOLVES)[number]
}

/** Reads a proxy's URL; null where it is none. */
export function parseEgressProxy(text: string): EgressProxy | null {
  if (!/^(https?|socks5):\/\/[^/\\?#]+\/?$/i.test(text) || /[\s\p{Cc}]/u.test(text)) return null
  // The parser knows how to read HTTP's; of another scheme it leaves more as it is.
  const url = URL.parse(text.replace(/^socks5:/i, 'http:'))
  if (url === null || url.hostname === '' || url.port === '0') return null
  const protocol = `${text.slice(0, text.indexOf(':')).toLowerCase()}:` as ProxyProtocol
  const credentials = credentialsOf(url, protocol)
  if (credentials === 'unreadable') return null
  // The default port of HTTP is none of SOCKS's, but the parser takes it for one and drops it.
  const port = Number(url.port || /:(\d+)\/?$/.exec(text)?.[1] || DEFAULT_PORTS[protocol])
  return { protocol, hostname: url.hostname.replace(/^\[|\]$/g, ''), port, credentials }
}

/** What one byte tells the length of (RFC 1929, section 2). */
const MAX_SOCKS_BYTES = 255

function credentialsOf(
  { username, password }: URL,
  protocol: ProxyProtocol,
): EgressProxy['credentials'] | 'unreadable' {
  if (username === '' && password === '') return null
  try {
    const [name, secret] = [decodeURIComponent(username), decodeURIComponent(password)]
    const isLong = [name, secret].some((text) => Buffer.byteLength(text) > MAX_SOCKS_BYTES || text === '')
    if (protocol === 'socks5:' && isLong) return 'unreadable'
    return { name, password: secret }
  } catch {
    return 'unreadable'
  }
}

/** Reads `*`, addresses, CIDRs, and names with or without a port, with commas between them; null where one is none. */
export function parseBypass(text: string): Bypass | null {
  const networks: Network[] = []
  const hosts: { name: string; port: number | null }[] = []
  const entries = text.split(',').map((entry) => entry.trim())
  for (const entry of entries.filter((entry) => entry !== '' && entry !== '*')) {
    const network = parseNetwork(entry.replace(/^\[(.*)\]$/, '$1'))
    const [, name, port] = /^(?:\*?\.)?([\p{L}\p{N}_-]+(?:\.[\p{L}\p{N}_-]+)*)\.?(?::(\d{1,5}))?$/u.exec(entry) ?? []
    if (network !== null) networks.push(network)
    else if (name !== undefined)
      hosts.push({ name: name.toLowerCase(), port: port === undefined ? null : Number(port) })
    else return null
  }
  return { all: entries.includes('*'), networks, hosts }
}

/** Whether a host of a URL, without brackets, is connected to without the proxy. Networks hold for hosts that are addresses. */
export function bypasses({ all, networks, hosts }: Bypass, hostname: string, port: number): boolean {
  if (all) return true
  const address = parseAddress(hostname)
  if (address !== null && networks.some((network) => contains(network, address))) return true
  const name = hostname.toLowerCase().replace(/\.$/, '')
  const isBelow = (of: string) => name === of || name.endsWith(`.${of}`)
  return hosts.some((host) => isBelow(host.name) && (host.port === null || host.port === port))
}
