import type { IncomingHttpHeaders } from 'node:http'
import { contains, type Network, parseAddress } from '../../core/network/address.ts'
import type { Log } from '../../runtime.ts'

/** The client of a request, as far as addresses go. */
export interface Caller {
  headers: IncomingHttpHeaders
  socket: { remoteAddress?: string | undefined }
}

/**
 * Looks for a proxy that forwards requests and is not in DISCUE_TRUSTED_PROXIES: to the lock-out all of its clients are one.
 * Warns of the first, once, for any client may claim to be forwarded; then it does nothing any more.
 */
export function createProxyWatch(deps: {
  log: Pick<Log, 'warn'>
  trustedProxies: readonly Network[]
}): (request: Caller) => void {
  let told = false
  return ({ headers, socket }) => {
    if (told || (headers['x-forwarded-for'] === undefined && headers.forwarded === undefined)) return
    const address = socket.remoteAddress === undefined ? null : parseAddress(socket.remoteAddress)
    if (address === null || deps.trustedProxies.some((network) => contains(network, address))) return
    told = true
    deps.log.warn({ address: address.toString() }, unnamedProxy(address.toString()))
  }
}

function unnamedProxy(address: string): string {
  return (
    `a request from ${address} says that it was forwarded, and ${address} is not in DISCUE_TRUSTED_PROXIES: if that is your ` +
    'proxy, name it there, for ten wrong keys from one of its clients lock all of them out'
  )
}
