import type { PulledMessage } from '../../../docs/api/types.ts'
import type { Discue } from './client.ts'
import { pause } from './transport.ts'

export interface WorkerOptions {
  queueId: string
  listenerId: string
  /** What is to be done with a message. Where it throws, the message is given back. `signal` is aborted where its lease is lost. */
  handle: (message: PulledMessage, context: { signal: AbortSignal }) => Promise<void> | void
  /** Messages at once; 10 unless told. */
  concurrency?: number
  /** In ms; 30,000 unless told. It is extended for as long as `handle` takes. */
  leaseMs?: number
  /** When what was given back comes again, in ms; by the listener's retry policy unless told. */
  retryDelayMs?: (error: unknown, message: PulledMessage) => number | undefined
  /** Told of what `handle` has thrown, and of calls that failed; those are tried again. */
  onError?: (error: unknown) => void
}

const POLL_MS = 20_000
const FIRST_PAUSE_MS = 500
const LONGEST_PAUSE_MS = 30_000
const MAX_PULLED = 100

/** Takes what waits for a listener that pulls, and acknowledges it once it is handled. Starts with `run`. */
export class PullWorker {
  readonly #client: Discue
  readonly #options: Required<Pick<WorkerOptions, 'concurrency' | 'leaseMs'>> & WorkerOptions
  readonly #stopping = new AbortController()
  readonly #leaving = new AbortController()
  readonly #running = new Set<Promise<void>>()

  constructor(client: Discue, options: WorkerOptions) {
    this.#client = client
    this.#options = { concurrency: 10, leaseMs: 30_000, ...options }
  }

  /** Works until `stop` is called; resolves when everything that was begun has come to an end. */
  async run(): Promise<void> {
    let pauseMs = FIRST_PAUSE_MS
    while (!this.#stopping.signal.aborted) {
      const room = this.#options.concurrency - this.#running.size
      if (room <= 0) {
        await Promise.race(this.#running)
        continue
      }
      try {
        for (const message of await this.#pull(room)) this.#begin(message)
        pauseMs = FIRST_PAUSE_MS
      } catch (error) {
        if (this.#stopping.signal.aborted) break
        this.#options.onError?.(error)
        await pause(pauseMs, this.#stopping.signal).catch(() => undefined)
        pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)
      }
    }
    await Promise.all(this.#running)
  }

  /**
   * Takes nothing more, and resolves when what was begun has ended. After `graceMs` handlers are told by their signal, and
   * what they have not finished is given back at once.
   */
  async stop({ graceMs = 10_000 }: { graceMs?: number } = {}): Promise<void> {
    this.#stopping.abort(new Error('the worker stops'))
    const timer = setTimeout(() => this.#leaving.abort(new Error('the worker leaves')), graceMs)
    await Promise.all(this.#running)
    clearTimeout(timer)
  }

  #pull(room: number): Promise<PulledMessage[]> {
    const { queueId, listenerId, leaseMs } = this.#options
    const max = Math.min(room, MAX_PULLED)
    return this.#client.leases.pull(queueId, listenerId, {
      ...{ max, leaseMs, signal: this.#stopping.signal },
      waitMs: POLL_MS,
    })
  }

  #begin(message: PulledMessage): void {
    const running = this.#work(message)
      .catch((error) => this.#options.onError?.(error))
      .finally(() => this.#running.delete(running))
    this.#running.add(running)
  }

  async #work(message: PulledMessage): Promise<void> {
    const { queueId, listenerId, handle, retryDelayMs, onError } = this.#options
    const lost = new AbortController()
    const lease = this.#keep(message, lost)
    const signal = AbortSignal.any([lost.signal, this.#leaving.signal])
    let failure: { error: unknown } | null = null
    try {
      await orAborted(Promise.resolve(handle(message, { signal })), signal)
    } catch (error) {
      failure = { error }
    } finally {
      lease.end()
    }
    if (failure !== null) onError?.(failure.error)
    // It is another client's by now: nothing that is said of it would count.
    if (lost.signal.aborted) return
    const receipts = [message.receipt]
    if (failure === null) await this.#client.leases.ack(queueId, listenerId, receipts)
    else {
      const delayMs = this.#leaving.signal.aborted ? 0 : retryDelayMs?.(failure.error, message)
      await this.#client.leases.nack(queueId, listenerId, receipts, { delayMs })
    }
  }

  /** Extends the lease each third of its time, until it is ended or lost. */
  #keep(message: PulledMessage, lost: AbortController): { end(): void } {
    const { queueId, listenerId, leaseMs, onError } = this.#options
    let isAsking = false
    const timer = setInterval(() => {
      // One that is slow to be answered is tried again by itself.
      if (isAsking) return
      isAsking = true
      const extended = this.#client.leases.extend(queueId, listenerId, [message.receipt], { leaseMs })
      const asked = extended.then(
        (answer) => answer.lost.length > 0 && lost.abort(new Error('the lease is over')),
        (error) => onError?.(error),
      )
      void asked.finally(() => {
        isAsking = false
      })
    }, leaseMs / 3)
    return { end: () => clearInterval(timer) }
  }
}

/** A handler that does not look at its signal keeps nothing waiting. */
function orAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.reject(signal.reason)
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
    work.then(resolve, reject)
  })
}
