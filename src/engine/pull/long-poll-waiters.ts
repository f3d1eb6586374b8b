import type { Cancel, Runtime } from '../../runtime.ts'

/** Why a waiting pull need not wait any more. */
export type Reason = 'woken' | 'over'

interface Waiter {
  leave(reason: Reason): void
}

/**
 * Pulls that wait for deliveries of one listener that has none now. They share one timer, for when the next delivery is
 * due; each has one more, for how long it waits.
 */
export class LongPollWaiters {
  readonly #runtime: Pick<Runtime, 'now' | 'after' | 'at'>
  readonly #waiters = new Set<Waiter>()
  #wakeAt: number | null = null
  #cancel: Cancel | null = null
  /** Grows each time that something may have become due, so that a pull that asked before knows to ask again. */
  version = 0
  /** Pulls that wait or are asking the store just now. */
  waiters = 0

  constructor(runtime: Pick<Runtime, 'now' | 'after' | 'at'>) {
    this.#runtime = runtime
  }

  /** Resolves as soon as there may be something, when the client hangs up, or after `waitMs`. First come, first woken. */
  wait(waitMs: number, client: AbortSignal | null): Promise<Reason> {
    return new Promise((resolve) => {
      const waiter: Waiter = {
        leave: (reason) => {
          if (!this.#waiters.delete(waiter)) return
          cancel()
          client?.removeEventListener('abort', hungUp)
          resolve(reason)
        },
      }
      const hungUp = () => waiter.leave('over')
      const cancel = this.#runtime.after(waitMs, hungUp)
      this.#waiters.add(waiter)
      client?.addEventListener('abort', hungUp)
    })
  }

  /** Something may be due: wakes so many of those who have waited longest. */
  wake(count = 1): void {
    this.version += 1
    let left = count
    for (const waiter of this.#waiters) {
      if (left-- <= 0) return
      waiter.leave('woken')
    }
  }

  /** Something will be due then. */
  wakeAt(dueAt: number): void {
    // A wake-up whose time is over, by a clock that was set, keeps no other away.
    if (this.#wakeAt !== null && this.#wakeAt <= dueAt && this.#wakeAt > this.#runtime.now()) return
    this.#cancel?.()
    this.#wakeAt = dueAt
    this.#cancel = this.#runtime.at(dueAt, () => {
      this.#wakeAt = null
      this.#cancel = null
      this.wake()
    })
  }

  /** Ends every wait: the listener or the server is going. */
  close(): void {
    this.#cancel?.()
    for (const waiter of this.#waiters) waiter.leave('over')
  }
}
