import { isIP, connect as openSocket, type Socket } from 'node:net'
import { type ConnectionOptions, connect as startTls } from 'node:tls'
import { bypasses, type Egress } from '../../core/network/egress.ts'
import { hostFault, permitsAddress, type Targets } from '../../core/network/target.ts'
import type { Runtime } from '../../runtime.ts'
import { inTryingOrder, SlowAddresses } from './address-order.ts'
import type { ClientTls } from './client-tls.ts'
import { type Connected, type Pending, raceConnections } from './connection-race.ts'
import type { Names } from './names/names.ts'
import { TargetFault } from './proxy/proxy-fault.ts'
import type { OpenTunnel } from './proxy/tunnels.ts'
import type { SharedReading } from './shared-reading.ts'
import type { TlsSessions } from './tls-sessions.ts'

/** Finds out about peers that are gone while a listener takes its time. */
const KEEP_ALIVE = { keepAlive: true, keepAliveInitialDelay: 60_000 }
/** Addresses of a name that a proxy is asked for. */
const TRIED_BEYOND_PROXY = 3
const DEFAULT_PORTS: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443 }

function portOf({ port, protocol }: { port: string; protocol: string }): number {
  return Number(port) || DEFAULT_PORTS[protocol]!
}

/** Is told of every step of a connection that came to its end, and of the addresses that it may connect to. */
export type ConnectionWatch = (phase: 'resolve' | 'target' | 'connect' | 'tls', addresses: string[]) => void

/** Where to; as it is in a URL, but without the brackets of an IPv6 address in the name. */
interface ConnectTo {
  protocol: string
  hostname: string
  port: string
  /** Tells apart what is connected to in different ways; connections with the same one may stand in for each other. */
  pool: string
  /** How TLS is spoken; null: as with any other. */
  tls: ClientTls | null
  /** For whom; see `NameAsk`. */
  asker: string
  /** Told when a look-up begins that has to be waited for, and when it has ended; it has a time limit of its own. */
  onLookUp?: ((underWay: boolean) => void) | undefined
}

/** Opens a socket, through TLS where the protocol says so. Calls back later, once, unless it is destroyed before. */
export type Connect = (to: ConnectTo, done: Connected) => Pending

/** Tunnels through a proxy, where they are not needed, and who finds the addresses of names. */
interface ProxiedWay extends Omit<Egress, 'proxy'> {
  open: OpenTunnel
}

/** What a connector needs. */
export interface ConnectorDeps {
  targets: Targets
  reading: SharedReading
  names: Names
  runtime: Pick<Runtime, 'elapsedMs' | 'upkeep'>
  /** By pool. */
  sessions: TlsSessions
  /** Told the phases in which a connection comes about, for a preflight that reports them. */
  watch?: ConnectionWatch | undefined
  /** Whether those who want it may have any certificate taken; else they are checked all the same. */
  insecureTls?: boolean | undefined
  /** The way out through a proxy; null, or left out: there is none. */
  egress?: ProxiedWay | null | undefined
  /** Names that could not be found lately are looked up again. */
  anew?: boolean | undefined
}

/** Nothing was sent: the target has no address that the server may connect to. */
class BlockedTarget extends Error {
  readonly code = 'BLOCKED_TARGET'

  constructor(hostname: string) {
    super(`${hostname} has no address that this server may send to: see DISCUE_TARGETS`)
    this.name = 'BlockedTarget'
  }
}

type SecureOptions = Pick<ConnectionOptions, 'secureContext' | 'rejectUnauthorized'>

/** Nothing was sent: the listener's certificate, key or authorities are of no use. */
class UnusableTls extends Error {
  readonly code = 'ERR_TLS_SETTINGS'

  constructor(reason: string) {
    super(`the certificate, key or authorities in tls cannot be used (${reason})`)
  }
}

/**
 * Connects to targets that are allowed, and to nothing else. A name is looked up here, and each address is judged right
 * before it is connected to, as an address: no second look-up could answer with another one. A connection that is used
 * again costs nothing of this.
 */
export function createConnector(deps: ConnectorDeps): Connect {
  const slow = new SlowAddresses(deps.runtime.elapsedMs)
  return (to, done) => {
    const opening = new Opening(deps, { to, slow }, done)
    opening.begin()
    return opening
  }
}

interface Parts {
  to: ConnectTo
  slow: SlowAddresses
}

/** One connection on its way: its look-up, then its race of addresses, then its handshake. */
class Opening implements Pending {
  readonly #deps: ConnectorDeps
  readonly #parts: Parts
  readonly #done: Connected
  /** Ends what is under way. */
  #cancel: () => void = () => {}
  #destroyed = false
  /** The proxy that it goes through. */
  #egress: ProxiedWay | null = null

  constructor(deps: ConnectorDeps, parts: Parts, done: Connected) {
    this.#deps = deps
    this.#parts = parts
    this.#done = done
  }

  begin(): void {
    const { hostname, port, protocol } = this.#parts.to
    const { egress = null } = this.#deps
    const isDirect = egress === null || bypasses(egress.bypass, hostname, portOf({ port, protocol }))
    if (!isDirect) this.#egress = egress
    if (isIP(hostname) !== 0) this.#judge([hostname])
    else if (this.#egress?.resolve === 'proxy') this.#judgeName(hostname)
    else this.#lookUp()
  }

  destroy(): void {
    this.#destroyed = true
    this.#cancel()
  }

  #lookUp(): void {
    const { names, watch, anew = false } = this.#deps
    const { hostname, asker, onLookUp } = this.#parts.to
    let [answered, waited] = [false, false]
    const cancel = names.find(hostname, { asker, anew }, (error, addresses) => {
      answered = true
      if (this.#destroyed) return
      if (waited) onLookUp?.(false)
      if (error !== null) {
        this.#fail(error)
        return
      }
      watch?.('resolve', [])
      this.#judge(addresses)
    })
    if (answered) return
    waited = true
    this.#cancel = cancel
    onLookUp?.(true)
  }

  #judge(addresses: readonly string[]): void {
    const { targets, watch } = this.#deps
    const { to, slow } = this.#parts
    const permitted = addresses.filter((address) => permitsAddress(targets, to.hostname, address))
    if (permitted.length === 0) {
      this.#fail(new BlockedTarget(to.hostname))
      return
    }
    watch?.('target', permitted)
    this.#connect(inTryingOrder(permitted, slow.has))
  }

  /** The proxy finds the addresses, and has to judge them: here that can be done by the name alone. */
  #judgeName(hostname: string): void {
    const { targets, watch } = this.#deps
    if (hostFault(targets, hostname) !== null) {
      this.#fail(new BlockedTarget(hostname))
      return
    }
    watch?.('resolve', [])
    watch?.('target', [])
    this.#connect([hostname])
  }

  #connect(hosts: readonly string[]): void {
    if (this.#egress === null) this.#connectDirectly(hosts)
    else this.#connectThrough(this.#egress.open, hosts.slice(0, TRIED_BEYOND_PROXY))
  }

  /** One after the other: how long an address takes is the proxy's to say. Its time is not the receiver's. */
  #connectThrough(open: OpenTunnel, [host, ...others]: readonly string[]): void {
    const { onLookUp } = this.#parts.to
    onLookUp?.(true)
    const pending = open({ host: host!, port: portOf(this.#parts.to) }, (error, socket) => {
      onLookUp?.(false)
      const mayTryNext = error instanceof TargetFault && error.code !== 'ETIMEDOUT' && others.length > 0
      if (mayTryNext) this.#connectThrough(open, others)
      else if (error !== null) this.#fail(error)
      else this.#connected(socket)
    })
    this.#cancel = () => pending.destroy()
  }

  #connected(socket: Socket): void {
    this.#deps.watch?.('connect', [])
    if (this.#parts.to.protocol === 'https:') this.#secure(socket)
    else {
      this.#done(null, socket)
      // The proxy's answer was read to its end, and no further.
      if (this.#egress !== null) socket.resume()
    }
  }

  #connectDirectly(addresses: readonly string[]): void {
    const { reading, runtime } = this.#deps
    const { to, slow } = this.#parts
    const secure = to.protocol === 'https:'
    const port = portOf(to)
    // What TLS takes over reads for itself.
    const options = { port, noDelay: true, ...KEEP_ALIVE, ...(!secure && { onread: reading.option }) }
    const open = (host: string) => {
      const socket = openSocket({ host, ...options })
      return secure ? socket : reading.opened(socket)
    }
    const race = raceConnections(
      { addresses, open, runtime, onLost: (address) => slow.add(address) },
      (error, socket) => {
        if (error !== null) this.#fail(error)
        else this.#connected(socket)
      },
    )
    this.#cancel = () => race.destroy()
  }

  /** The certificate is checked against the name, or against the address where the URL has one. */
  #secure(socket: Socket): void {
    const { sessions, watch, insecureTls = false } = this.#deps
    const { to } = this.#parts
    // A dot at the end of a name is no part of what TLS asks for (RFC 6066, section 3).
    const host = to.tls?.serverName ?? to.hostname.replace(/\.$/, '')
    const servername = isIP(host) === 0 ? host : ''
    const session = sessions.get(to.pool)
    const own = this.#ownTls(to.tls, insecureTls)
    if (own instanceof Error) {
      socket.destroy()
      this.#fail(own)
      return
    }
    const tls = startTls({ socket, host, servername, ALPNProtocols: ['http/1.1'], ...own, ...(session && { session }) })
    this.#cancel = () => tls.destroy()
    let state: 'handshake' | 'secure' | 'failed' = 'handshake'
    let latest: Buffer | null = null
    const keep = () => {
      // Of what was not found to be whom it should be, nothing is kept.
      if (state === 'secure' && latest !== null) sessions.set(to.pool, latest)
    }
    tls.on('session', (next) => {
      latest = next
      keep()
    })
    tls.on('error', (error) => {
      if (state !== 'handshake') return
      state = 'failed'
      tls.destroy()
      this.#fail(error)
    })
    tls.once('secureConnect', () => {
      state = 'secure'
      keep()
      watch?.('tls', [])
      this.#done(null, tls)
    })
  }

  /** What a listener says of TLS itself; an error where OpenSSL cannot use it, by a rule that it did not have when it was set. */
  #ownTls(tls: ClientTls | null, insecureTls: boolean): SecureOptions | Error {
    if (tls === null) return {}
    try {
      return { secureContext: tls.context, rejectUnauthorized: tls.verify || !insecureTls }
    } catch (error) {
      return new UnusableTls((error as { code?: string }).code ?? 'unknown')
    }
  }

  /** Never in the turn in which it was asked for: its caller does not have it yet. */
  #fail(error: Error): void {
    process.nextTick(() => {
      if (!this.#destroyed) this.#done(error, null)
    })
  }
}
