import { type LookupAddress, lookup } from 'node:dns'
import { isIP, type LookupFunction, type Socket } from 'node:net'
import { buildConnector } from 'undici'
import { permitsAddress, type Targets } from '../core/target.ts'
import type { SharedReading } from './shared-reading.ts'

const CONNECT_TIMEOUT_MS = 10_000

/** Finds all addresses of a name. */
export type Resolve = (hostname: string, done: (error: Error | null, addresses: LookupAddress[]) => void) => void

/** How the system resolves names. */
export const resolveBySystem: Resolve = (hostname, done) => lookup(hostname, { all: true }, done)

/** Is told of every step of a connection that came to its end, and of the addresses that it may connect to. */
export type ConnectionWatch = (phase: 'resolve' | 'target' | 'connect' | 'tls', addresses: string[]) => void

/** Where to; as it is in a URL, but without the brackets of an IPv6 address in the name. */
export interface ConnectTo {
  protocol: string
  hostname: string
  host: string
  port: string
  /** The name that TLS asks for and that the certificate must have; that of the host where it is left out. */
  servername?: string | undefined
}

/** Opens a socket, through TLS where the protocol says so. Answers with what is on its way, to be able to end it. */
export type Connect = (
  to: ConnectTo,
  callback: (...result: [error: null, socket: Socket] | [error: Error, socket: null]) => void,
) => Socket | null

/** For tests, and for whoever wants to know how a connection comes about. */
export interface ConnectionOptions {
  /** The system's own where it is left out. */
  resolve?: Resolve | undefined
  watch?: ConnectionWatch | undefined
}

/** Nothing was sent: the target has no address that the server may connect to. */
export class BlockedTarget extends Error {
  readonly code = 'BLOCKED_TARGET'

  constructor(hostname: string) {
    super(`${hostname} has no address that this server may send to: see DISCUE_TARGETS`)
    this.name = 'BlockedTarget'
  }
}

/**
 * Connects to targets that are allowed, and to nothing else. Names are resolved here, once for each connection, and the
 * socket is handed the addresses that were judged: there is no second look-up that could answer with another one.
 * A connection that is used again costs nothing of this.
 */
export function createConnector(targets: Targets, reading: SharedReading, options: ConnectionOptions = {}): Connect {
  const { watch } = options
  const common = {
    timeout: CONNECT_TIMEOUT_MS,
    lookup: createLookup(targets, options),
    // What speaks over it is HTTP/1.1.
    allowH2: false,
  }
  const [plain, secure] = [buildConnector({ ...common, onread: reading.option }), buildConnector(common)]
  return (to, callback) => {
    // A socket resolves names alone, so that addresses have to be judged before it is made.
    const literal = isIP(to.hostname) !== 0
    if (literal && !permitsAddress(targets, to.hostname, to.hostname)) {
      process.nextTick(callback, new BlockedTarget(to.hostname), null)
      return null
    }
    if (literal) watch?.('target', [to.hostname])
    const socket = (to.protocol === 'https:' ? secure : plain)(to, callback) as unknown as Socket
    if (watch !== undefined) {
      socket.once('connect', () => watch('connect', [])).once('secureConnect', () => watch('tls', []))
    }
    return socket
  }
}

/** The addresses of a name that may be connected to. */
function resolvePermitted(
  targets: Targets,
  resolve: Resolve,
  hostname: string,
  done: (error: Error | null, addresses: LookupAddress[]) => void,
): void {
  resolve(hostname, (error, addresses) => {
    if (error !== null) return done(error, [])
    const permitted = addresses.filter(({ address }) => permitsAddress(targets, hostname, address))
    if (permitted.length > 0) done(null, permitted)
    else done(new BlockedTarget(hostname), [])
  })
}

function createLookup(targets: Targets, { resolve = resolveBySystem, watch }: ConnectionOptions): LookupFunction {
  return (hostname, { all, family }, callback) => {
    const watched: Resolve = (name, done) =>
      resolve(name, (error, addresses) => {
        if (error === null) watch?.('resolve', [])
        done(error, addresses)
      })
    resolvePermitted(targets, watched, hostname, (error, addresses) => {
      if (error === null)
        watch?.(
          'target',
          addresses.map(({ address }) => address),
        )
      const usable = addresses.filter((one) => !family || one.family === family)
      const [first] = usable
      if (error !== null) callback(error, [])
      else if (all) callback(null, usable)
      else callback(null, first?.address ?? '', first?.family)
    })
  }
}
