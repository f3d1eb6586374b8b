import { type LookupAddress, lookup } from 'node:dns'
import { isIP, type LookupFunction } from 'node:net'
import { buildConnector } from 'undici'
import { permitsAddress, type Targets } from '../core/target.ts'

const CONNECT_TIMEOUT_MS = 10_000

/** Finds all addresses of a name. */
export type Resolve = (hostname: string, done: (error: Error | null, addresses: LookupAddress[]) => void) => void

/** How the system resolves names. */
export const resolveBySystem: Resolve = (hostname, done) => lookup(hostname, { all: true }, done)

/** Nothing was sent: the target has no address that the server may connect to. */
export class BlockedTarget extends Error {
  readonly code = 'BLOCKED_TARGET'

  constructor(hostname: string) {
    super(`${hostname} has no address that this server may send to`)
    this.name = 'BlockedTarget'
  }
}

/**
 * Connects to targets that are allowed, and to nothing else. Names are resolved here, once for each connection, and the
 * socket is handed the addresses that were judged: there is no second look-up that could answer with another one.
 * A connection that is used again costs nothing of this.
 */
export function createConnector(targets: Targets, resolve: Resolve = resolveBySystem): buildConnector.connector {
  const connect = buildConnector({ timeout: CONNECT_TIMEOUT_MS, lookup: createLookup(targets, resolve) })
  return (options, callback) => {
    // A socket resolves names alone, so that addresses have to be judged before it is made.
    if (isIP(options.hostname) !== 0 && !permitsAddress(targets, options.hostname, options.hostname)) {
      process.nextTick(callback, new BlockedTarget(options.hostname), null)
    } else connect(options, callback)
  }
}

/** The addresses of a name that may be connected to. */
export function resolvePermitted(
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

function createLookup(targets: Targets, resolve: Resolve): LookupFunction {
  return (hostname, { all, family }, callback) => {
    resolvePermitted(targets, resolve, hostname, (error, addresses) => {
      const usable = addresses.filter((one) => !family || one.family === family)
      const [first] = usable
      if (error !== null) callback(error, [])
      else if (all) callback(null, usable)
      else callback(null, first?.address ?? '', first?.family)
    })
  }
}
