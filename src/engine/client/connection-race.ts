import type { Socket } from 'node:net'
import type { Cancel, Runtime } from '../../runtime.ts'

/** How long an address has for itself before the next one is tried beside it (RFC 8305, section 5). */
const ATTEMPT_DELAY_MS = 250

/** Something on its way that can be ended; nothing is told of it any more then. */
export interface Pending {
  destroy(): void
}

/** Is told once: the socket that is connected, or what went wrong. */
export type Connected = (...result: [error: null, socket: Socket] | [error: Error, socket: null]) => void

export interface RaceDeps {
  /** In the order in which they are tried; at least one. */
  addresses: readonly string[]
  /** Begins to connect. */
  open: (address: string) => Socket
  runtime: Pick<Runtime, 'upkeep'>
  /** Told of each address that failed, or that another was quicker than. */
  onLost?: (address: string) => void
}

/**
 * Connects to the first of several addresses that answers. One that fails makes way for the next at once; one that says
 * nothing is not given up, but has the next one beside it. There is no time limit: the caller destroys it when it has
 * waited long enough.
 */
export function raceConnections(deps: RaceDeps, done: Connected): Pending {
  const race = new Race(deps, done)
  race.tryNext()
  return race
}

const UNREACHABLE: ReadonlySet<string> = new Set(['ENETUNREACH', 'EHOSTUNREACH', 'EADDRNOTAVAIL', 'EAFNOSUPPORT'])

class Race implements Pending {
  readonly #deps: RaceDeps
  readonly #done: Connected
  readonly #trying = new Map<Socket, string>()
  #tried = 0
  #error: NodeJS.ErrnoException | null = null
  #cancelDelay: Cancel = () => {}

  constructor(deps: RaceDeps, done: Connected) {
    this.#deps = deps
    this.#done = done
  }

  tryNext(): void {
    const { addresses, open, runtime } = this.#deps
    this.#cancelDelay()
    const address = addresses[this.#tried++]
    if (address === undefined) return
    const socket = open(address)
    this.#trying.set(socket, address)
    // Listeners stay with those that lose: what they say afterwards has to be heard by something.
    socket.once('connect', () => this.#connected(socket)).on('error', (error) => this.#failed(socket, error))
    if (this.#tried < addresses.length) this.#cancelDelay = runtime.upkeep(ATTEMPT_DELAY_MS, () => this.tryNext())
  }

  destroy(): void {
    this.#cancelDelay()
    for (const socket of this.#trying.keys()) socket.destroy()
    this.#trying.clear()
  }

  #connected(winner: Socket): void {
    if (!this.#trying.delete(winner)) return
    for (const address of this.#trying.values()) this.#deps.onLost?.(address)
    this.destroy()
    this.#done(null, winner)
  }

  #failed(socket: Socket, error: NodeJS.ErrnoException): void {
    const address = this.#trying.get(socket)
    if (address === undefined) return
    this.#trying.delete(socket)
    this.#deps.onLost?.(address)
    // What this machine cannot reach at all says least of why nothing came about.
    if (this.#error === null || UNREACHABLE.has(this.#error.code ?? '')) this.#error = error
    if (this.#tried < this.#deps.addresses.length) this.tryNext()
    else if (this.#trying.size === 0) this.#done(this.#error, null)
  }
}
