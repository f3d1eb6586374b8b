import { type Address, contains, type Network, parseAddress } from './address.ts'

const BRACKETED = /^\[([^\]]+)\](?::\d{1,5})?$/
const WITH_PORT = /^([^:]+):\d{1,5}$/

/**
 * Where a request comes from. `forwardedFor` is believed as far as proxies in `trusted` have vouched for it: each
 * appends whom it was asked by, so the right address is the last one that is not such a proxy, and whatever stands
 * before it may be invented. Null where the peer is unknown, as after it has hung up.
 */
export function clientAddress(ask: {
  peer: string | undefined
  forwardedFor: string | undefined
  trusted: readonly Network[]
}): Address | null {
  let address = ask.peer === undefined ? null : parseAddress(ask.peer)
  let unread = ask.forwardedFor ?? ''
  while (address !== null && unread !== '' && isIn(ask.trusted, address)) {
    const comma = unread.lastIndexOf(',')
    const before = readForwarded(unread.slice(comma + 1))
    // The proxy did not know, or did not say in a way that we know; it is the last that can be told.
    if (before === null) break
    address = before
    unread = comma < 0 ? '' : unread.slice(0, comma)
  }
  return address
}

function isIn(networks: readonly Network[], address: Address): boolean {
  return networks.some((network) => contains(network, address))
}

/** Some proxies add the port, and then brackets where the address has colons of its own. */
function readForwarded(entry: string): Address | null {
  const text = entry.trim()
  return parseAddress(BRACKETED.exec(text)?.[1] ?? WITH_PORT.exec(text)?.[1] ?? text)
}
