import { type LookupAddress, lookup } from 'node:dns'

/** Finds all addresses of a name, as the C library does. */
export type SystemResolve = (
  hostname: string,
  done: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void

const bySystem: SystemResolve = (hostname, done) => lookup(hostname, { all: true }, done)

/** Names that wait for their turn; one that finds more is not asked for. */
const MAX_WAITING = 64

/**
 * Asks the C library, which knows sources that no name server does, such as mDNS. It takes a thread of the pool for
 * each name, of which there are four for everything, and cannot be told to stop: so it is asked for one name at a time.
 * A name that hangs delays other names that only the system knows, and nothing else.
 */
export class SystemLookup {
  readonly #resolve: SystemResolve
  readonly #waiting: { hostname: string; done: (addresses: string[]) => void }[] = []
  #busy = false

  constructor(resolve: SystemResolve = bySystem) {
    this.#resolve = resolve
  }

  /** The addresses; none where the system does not know the name, or has no time for it before the signal is aborted. */
  find(hostname: string, signal: AbortSignal): Promise<string[]> {
    if (signal.aborted || this.#waiting.length >= MAX_WAITING) return Promise.resolve([])
    const { promise, resolve } = Promise.withResolvers<string[]>()
    const one = { hostname, done: resolve }
    this.#waiting.push(one)
    signal.addEventListener('abort', () => {
      const place = this.#waiting.indexOf(one)
      if (place !== -1) this.#waiting.splice(place, 1)
      resolve([])
    })
    this.#next()
    return promise
  }

  #next(): void {
    const one = this.#busy ? undefined : this.#waiting.shift()
    if (one === undefined) return
    this.#busy = true
    this.#resolve(one.hostname, (error, addresses) => {
      this.#busy = false
      one.done(error === null ? addresses.map(({ address }) => address) : [])
      this.#next()
    })
  }
}
