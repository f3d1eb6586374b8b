import { isIPv6 } from 'node:net'

/** Tried for one connection: an answer of a name server may have any number, each of which is a socket. */
const MAX_TRIED = 10

/**
 * The order in which addresses are tried: IPv6 first, then the families in turns (RFC 8305, section 4), and those that
 * `isSlow` knows as such at the end.
 */
export function inTryingOrder(addresses: readonly string[], isSlow: (address: string) => boolean): string[] {
  const usual = addresses.filter((address) => !isSlow(address))
  const slow = addresses.filter(isSlow)
  return [...interleaved(usual), ...interleaved(slow)].slice(0, MAX_TRIED)
}

function interleaved(addresses: readonly string[]): string[] {
  const ipv6 = addresses.filter((address) => isIPv6(address))
  const ipv4 = addresses.filter((address) => !isIPv6(address))
  const pairs = Array.from({ length: Math.max(ipv6.length, ipv4.length) }, (_, place) => [ipv6[place], ipv4[place]])
  return pairs.flat().filter((address) => address !== undefined)
}

/** How long an address is tried last once it has failed or was overtaken. */
const SLOW_MS = 60_000
const MAX_REMEMBERED = 4_096

/** Addresses that have failed to connect lately, or that another was quicker than. */
export class SlowAddresses {
  readonly #until = new Map<string, number>()
  readonly #now: () => number

  constructor(now: () => number) {
    this.#now = now
  }

  readonly has = (address: string): boolean => {
    const until = this.#until.get(address)
    return until !== undefined && this.#now() < until
  }

  add(address: string): void {
    this.#until.delete(address)
    if (this.#until.size >= MAX_REMEMBERED) this.#until.delete(this.#until.keys().next().value!)
    this.#until.set(address, this.#now() + SLOW_MS)
  }
}
