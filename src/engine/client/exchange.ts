import {
  type AttemptError,
  type Outcome,
  RESPONSE_KEPT_BYTES,
  type ReceiverDirective,
} from '../../core/delivery/attempt.ts'
import { retryAfterMs } from '../../core/delivery/retry-after.ts'
import type { Cancel, Runtime } from '../../runtime.ts'
import type { ResponseHandler } from './http1/connection.ts'
import { KeptResponse } from './http1/kept-response.ts'
import type { ResponseHead } from './http1/response-head.ts'
import type { Indexed } from './in-flight.ts'
import { transportFault } from './transport-error.ts'

/** Of a body no more is read than this, and for no longer unless told: it is for people to see, and decides nothing. */
const MAX_BODY_BYTES = 64 * 1024
const BODY_MS = 1_000
/** Of a body with what frames it, no more is read than this: chunks of one byte cost more to read than to send. */
const MAX_FRAMED_BYTES = 4 * MAX_BODY_BYTES

/**
 * One request and what comes back, from the moment that it is handed to a connection. Once a head was read, the answer
 * is what it says: a body that is large, that never ends, or that breaks off changes nothing about it.
 */
export class Exchange implements ResponseHandler, Indexed {
  place = -1
  readonly #runtime: Runtime
  readonly #startedAt: number
  /** What is left of its time, as of when the timer was started. */
  #leftMs: number
  #timedSince: number
  #cancelTimeout: Cancel
  readonly #bodyMs: number
  readonly #keptBytes: number
  #cancelBody: Cancel | null = null
  /** `clean`: the answer was read to its end, so that the connection may be used again. */
  readonly #done: (outcome: Outcome | 'aborted', clean: boolean) => void
  #ended = false
  #status: number | null = null
  /** When the head was read. */
  #answeredAt: number
  #directive: ReceiverDirective | null = null
  #bodyBytes = 0
  #framedBytes = 0
  #kept: KeptResponse | null = null

  constructor(
    runtime: Runtime,
    {
      timeoutMs,
      startedAt,
      bodyMs = BODY_MS,
      keptBytes = RESPONSE_KEPT_BYTES,
    }: { timeoutMs: number; startedAt: number; bodyMs?: number; keptBytes?: number },
    done: (outcome: Outcome | 'aborted', clean: boolean) => void,
  ) {
    this.#runtime = runtime
    this.#startedAt = startedAt
    this.#answeredAt = startedAt
    this.#bodyMs = bodyMs
    this.#keptBytes = keptBytes
    this.#done = done
    this.#leftMs = timeoutMs
    // The attempt may have begun before, and have waited for a token.
    this.#timedSince = runtime.now()
    this.#cancelTimeout = this.#startTimeout()
  }

  /** The listener is not to blame for it: its time stands still meanwhile, and goes on where a request is sent again. */
  onLookUp(underWay: boolean): void {
    this.#cancelTimeout()
    const now = this.#runtime.now()
    if (underWay) this.#leftMs = Math.max(0, this.#leftMs - Math.max(0, now - this.#timedSince))
    else if (!this.#ended) {
      this.#timedSince = now
      this.#cancelTimeout = this.#startTimeout()
    }
  }

  onHead({ status, fields }: ResponseHead): void {
    this.#status = status
    this.#answeredAt = this.#runtime.now()
    // The response is complete.
    if (status < 200 || status > 299) this.#directive = directiveIn(fields, this.#answeredAt)
    const location = status >= 300 && status <= 399 ? fields.get('location') : undefined
    if (location !== undefined) this.#keep(Buffer.from(`location: ${location}\n\n`, 'latin1'))
  }

  onBody(bytes: Buffer): void {
    this.#keep(bytes)
    this.#bodyBytes += bytes.length
    if (this.#bodyBytes > MAX_BODY_BYTES) this.#answered(false)
  }

  onPause(readBytes: number): void {
    if (this.#status === null) return
    this.#framedBytes += readBytes
    if (this.#framedBytes > MAX_FRAMED_BYTES) this.#answered(false)
    else if (this.#cancelBody === null) this.#waitForBody()
  }

  onEnd(): void {
    this.#answered(true)
  }

  onError(error: Error): void {
    if (this.#status !== null) this.#answered(false)
    else this.#failed(transportFault(error))
  }

  /** Ends the exchange. A status that was read stands, whatever becomes of the rest. */
  abort(): void {
    if (this.#status !== null) this.#answered(false)
    else if (this.#finish()) this.#done('aborted', false)
  }

  #startTimeout(): Cancel {
    return this.#runtime.after(this.#leftMs, () => afterPendingReads(() => this.#timedOut()))
  }

  #waitForBody(): void {
    // By the real time, also where the clock is moved by hand: the answer is here.
    this.#cancelBody = this.#runtime.upkeep(this.#bodyMs, () => afterPendingReads(() => this.#answered(false)))
  }

  #timedOut(): void {
    if (this.#status !== null) this.#answered(false)
    else this.#failed({ error: 'timeout', detail: 'no answer came in time' })
  }

  #answered(clean: boolean): void {
    if (!this.#finish()) return
    const response = this.#kept === null ? '' : this.#kept.text(clean)
    this.#done(this.#outcome(this.#answeredAt, null, response), clean)
  }

  #failed({ error, detail }: { error: AttemptError; detail: string }): void {
    if (this.#finish()) this.#done(this.#outcome(this.#runtime.now(), error, detail), false)
  }

  #outcome(endedAt: number, error: AttemptError | null, response: string): Outcome {
    // A clock that was set back must not make a negative duration.
    const durationMs = Math.max(0, endedAt - this.#startedAt)
    return { startedAt: this.#startedAt, durationMs, status: this.#status, error, response, directive: this.#directive }
  }

  #keep(bytes: Buffer): void {
    this.#kept ??= new KeptResponse(this.#keptBytes)
    this.#kept.add(bytes)
  }

  #finish(): boolean {
    if (this.#ended) return false
    this.#ended = true
    this.#cancelTimeout()
    this.#cancelBody?.()
    return true
  }
}

/**
 * A process that was stopped, or whose thread was busy, runs its timers before it reads its sockets: what had come by
 * then must count. Node runs immediates behind the reads of the same turn.
 */
function afterPendingReads(run: () => void): void {
  setImmediate(run)
}

function directiveIn(fields: ReadonlyMap<string, string>, now: number): ReceiverDirective | null {
  const retryAfter = fields.get('retry-after')
  const noRetry = fields.get('discue-retry')?.toLowerCase() === 'no'
  if (retryAfter === undefined && !noRetry) return null
  return { retryAfterMs: retryAfter === undefined ? null : retryAfterMs(retryAfter, now), noRetry }
}
