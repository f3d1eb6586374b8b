import { isEmpty, joined, type Pulse } from '../core/pulse.ts'

/** The side that writes to a viewer. */
export interface Outlet {
  /** Says false where the viewer has not taken yet what was written before; `Viewer.ready` then tells when it has. */
  write(text: string): boolean
  /** Ends the stream; nothing is written afterwards. */
  end(): void
}

/** A viewer that takes nothing for so long is gone, whatever its connection says. */
const PATIENCE_MS = 60_000
/** Less than the silence after which proxies give up. */
const HEARTBEAT_MS = 15_000
const HEARTBEAT = ': still here\n\n'

/**
 * One stream to one viewer. Whoever is slow costs a bounded amount of memory: what comes meanwhile is joined into one
 * pulse, and written when there is room again.
 */
export class Viewer {
  readonly #outlet: Outlet
  readonly #textOf: (pulse: Pulse) => string
  #waiting: Pulse | null = null
  #busySince: number | null
  #wroteAt: number

  constructor(outlet: Outlet, parts: { textOf: (pulse: Pulse) => string; now: number }) {
    this.#outlet = outlet
    this.#textOf = parts.textOf
    this.#wroteAt = parts.now
    // Until `begin`: what comes meanwhile waits.
    this.#busySince = parts.now
  }

  /** Writes first what the viewer has missed, then what came since it was made. */
  begin(missed: Pulse, now: number): void {
    this.#waiting = this.#waiting === null ? missed : joined(missed, this.#waiting)
    this.ready(now)
  }

  /** `text` is the pulse as it is written, made once for all who are quick enough. */
  offer(pulse: Pulse, text: string): void {
    if (this.#busySince !== null) this.#waiting = this.#waiting === null ? pulse : joined(this.#waiting, pulse)
    else this.#write(text, pulse.at)
  }

  /** The viewer has taken everything that was written. */
  ready(now: number): void {
    this.#busySince = null
    const waiting = this.#waiting
    this.#waiting = null
    if (waiting !== null && !isEmpty(waiting)) this.#write(this.#textOf(waiting), now)
  }

  /** Keeps the connection alive through silence. False for a viewer that is gone. */
  tick(now: number): boolean {
    if (this.#busySince !== null) return now - this.#busySince < PATIENCE_MS
    if (now - this.#wroteAt >= HEARTBEAT_MS) this.#write(HEARTBEAT, now)
    return true
  }

  end(): void {
    this.#outlet.end()
  }

  #write(text: string, now: number): void {
    this.#wroteAt = now
    if (!this.#outlet.write(text)) this.#busySince = now
  }
}
