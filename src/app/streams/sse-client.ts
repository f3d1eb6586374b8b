import { type EventDigest, isEmpty, joined } from '../../core/telemetry/event-digest.ts'

/** The side that writes to an SSE client. */
export interface Sink {
  /**
   * Answers false where the client has not taken yet what was written before; `SseClient.ready` is then called when it
   * has.
   */
  write(text: string): boolean
  /** Ends the stream; nothing is written afterwards. */
  end(): void
}

/** A SSE client that takes nothing for so long is gone, whatever its connection says. */
const PATIENCE_MS = 60_000
/** Less than the silence after which proxies give up. */
const HEARTBEAT_MS = 15_000
const HEARTBEAT = ': still here\n\n'

/**
 * One stream to one SSE client. A slow client costs a bounded amount of memory: what comes meanwhile is joined into one
 * event digest, and written when there is room again.
 */
export class SseClient {
  readonly #sink: Sink
  readonly #textOf: (eventDigest: EventDigest) => string
  #waiting: EventDigest | null = null
  #busySince: number | null
  #wroteAt: number

  constructor(sink: Sink, parts: { textOf: (eventDigest: EventDigest) => string; now: number }) {
    this.#sink = sink
    this.#textOf = parts.textOf
    this.#wroteAt = parts.now
    // Until `begin`: what comes meanwhile waits.
    this.#busySince = parts.now
  }

  /** Writes first what the SSE client has missed, then what came since it was made. */
  begin(missed: EventDigest, now: number): void {
    this.#waiting = this.#waiting === null ? missed : joined(missed, this.#waiting)
    this.ready(now)
  }

  /** `text` is the event digest as it is written, made once for all who are quick enough. */
  offer(eventDigest: EventDigest, text: string): void {
    if (this.#busySince !== null)
      this.#waiting = this.#waiting === null ? eventDigest : joined(this.#waiting, eventDigest)
    else this.#write(text, eventDigest.at)
  }

  /** The SSE client has taken everything that was written. */
  ready(now: number): void {
    this.#busySince = null
    const waiting = this.#waiting
    this.#waiting = null
    if (waiting !== null && !isEmpty(waiting)) this.#write(this.#textOf(waiting), now)
  }

  /** Keeps the connection alive through silence. False for a SSE client that is gone. */
  tick(now: number): boolean {
    if (this.#busySince !== null) return now - this.#busySince < PATIENCE_MS
    if (now - this.#wroteAt >= HEARTBEAT_MS) this.#write(HEARTBEAT, now)
    return true
  }

  end(): void {
    this.#sink.end()
  }

  #write(text: string, now: number): void {
    this.#wroteAt = now
    if (!this.#sink.write(text)) this.#busySince = now
  }
}
