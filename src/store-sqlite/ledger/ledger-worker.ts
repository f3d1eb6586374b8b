import { Worker } from 'node:worker_threads'
import { SerialQueue } from '../../store/commit/serial-queue.ts'
import type { Ledger, LedgerAsk, LedgerStore } from '../../store/ledger.ts'
import { StoreUnavailable } from '../../store/store.ts'
import { threadModule } from '../thread/thread-module.ts'
import { type Answer, errorOf } from '../thread/thread-protocol.ts'
import type { LedgerCall } from './ledger-thread.ts'

/** Questions that wait, half of them one organization's. */
const MAX_WAITING = 32

interface PendingCall {
  resolve(ledger: Ledger): void
  reject(error: Error): void
}

/**
 * Reads the ledger in a thread and by a connection of their own, so that neither who writes nor who asks for anything else
 * waits for them. The thread starts with the first question; one that dies takes with it what it remembered, and the
 * next question starts another.
 */
export class LedgerWorker implements LedgerStore {
  readonly #path: string
  readonly #drainTouched: () => Promise<number[] | null>
  readonly #waiting = new Map<number, PendingCall>()
  readonly #serialQueue = new SerialQueue(MAX_WAITING)
  #worker: Worker | null = null
  #lastNumber = 0

  constructor(path: string, drainTouched: () => Promise<number[] | null>) {
    this.#path = path
    this.#drainTouched = drainTouched
  }

  async read(ask: LedgerAsk): Promise<Ledger> {
    return this.#serialQueue.take(ask.organizationId, () => this.#read(ask))
  }

  async #read(ask: LedgerAsk): Promise<Ledger> {
    const number = ++this.#lastNumber
    const { promise, resolve, reject } = Promise.withResolvers<Ledger>()
    this.#waiting.set(number, { resolve, reject })
    try {
      const touched = await this.#drainTouched()
      this.#worker ??= this.#start()
      this.#worker.postMessage({ number, ask, touched } satisfies LedgerCall)
      return await promise
    } finally {
      this.#waiting.delete(number)
    }
  }

  async close(): Promise<void> {
    const worker = this.#worker
    this.#end(new StoreUnavailable('the store is closed'))
    await worker?.terminate()
  }

  #start(): Worker {
    const worker = new Worker(threadModule('ledger-thread', import.meta.url), {
      workerData: this.#path,
      resourceLimits: { maxYoungGenerationSizeMb: 8, maxOldGenerationSizeMb: 256 },
    })
    worker.unref()
    worker.on('message', (answer: Answer) => {
      const call = this.#waiting.get(answer.number)
      if ('failure' in answer) call?.reject(errorOf(answer.failure))
      else call?.resolve(answer.result as Ledger)
    })
    worker.on('error', (cause) => {
      if (this.#worker === worker) this.#end(new StoreUnavailable('the ledger cannot be read', { cause }))
    })
    return worker
  }

  /** Rejects the calls that wait; what was drained for the thread that is gone is no loss, as it remembers nothing. */
  #end(error: Error): void {
    this.#worker = null
    for (const { reject } of this.#waiting.values()) reject(error)
  }
}
