import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'

export type Address = ipaddr.IPv4 | ipaddr.IPv6

/** A range of addresses: those that share the first `bits` with `address`. */
export interface Network {
  address: Address
  bits: number
}

const MAPPED_BITS = 96

/** Reads an address as it is usually written; one of IPv4 that is wrapped into IPv6 comes out as what it is. */
export function parseAddress(text: string): Address | null {
  // Stricter than the package, which would also take 127.1 and 0x7f000001.
  if (isIP(text) === 0) return null
  // The zone after an address (fe80::1%eth0) names an interface of this machine.
  return ipaddr.process(text.split('%', 1)[0]!)
}

/** Reads an address, which is a range of one, or a CIDR such as 10.0.0.0/8. */
export function parseNetwork(text: string): Network | null {
  const [first = '', bitsText, ...more] = text.split('/')
  const address = parseAddress(first)
  if (address === null || more.length > 0) return null
  const unwrapped = first.includes(':') && address.kind() === 'ipv4' ? MAPPED_BITS : 0
  const width = address.kind() === 'ipv4' ? 32 : 128
  if (bitsText === undefined) return { address, bits: width }
  const bits = /^\d{1,3}$/.test(bitsText) ? Number(bitsText) - unwrapped : -1
  return bits < 0 || bits > width ? null : { address, bits }
}

export function contains(network: Network, address: Address): boolean {
  if (network.address.kind() !== address.kind()) return false
  return (address as ipaddr.IPv4).match(network.address as ipaddr.IPv4, network.bits)
}

/**
 * The source that an address stands for: with IPv4 itself, with IPv6 its network of 64 bits, because that is the least
 * that a client's network is given, and the client can take any address in it.
 */
export function sourceOf(address: Address): string {
  if (address.kind() === 'ipv4') return address.toString()
  const groups = (address as ipaddr.IPv6).parts.slice(0, 4)
  return `${groups.map((group) => group.toString(16)).join(':')}::/64`
}
