import { AsyncLocalStorage } from 'node:async_hooks'
import { FairPlaces } from '../../core/sharing/fair-places.ts'
import { FairQueue } from '../../core/sharing/fair-queue.ts'
import { full } from '../../core/sharing/full.ts'

/** More than this do not wait; one organization alone has half of it. */
const MAX_WAITING = 64
const READINGS = { code: 'too_many_readings', what: 'places for long readings' } as const

/**
 * Work that takes long, one after the other: a hundred such requests at once then cost all other requests no more than
 * one does. Organizations take turns, so that one that asks all the time delays another by one reading. Throws
 * `too_many_readings` and `overloaded` where too many wait already.
 */
export class SerialQueue {
  readonly #places: FairPlaces
  readonly #waiting = new FairQueue<() => Promise<void>>()
  #busy = false

  constructor(most = MAX_WAITING) {
    this.#places = new FairPlaces(most)
  }

  async take<Result>(organizationId: string, work: () => Promise<Result>): Promise<Result> {
    if (!this.#places.take(organizationId)) throw full(this.#places, organizationId, READINGS)
    // Started by the end of another organization's work, it would pass for that one's.
    const ownWork = AsyncLocalStorage.bind(work)
    return new Promise((resolve, reject) => {
      this.#waiting.push(organizationId, async () => {
        // The next one starts however this one ends; its own caller is told.
        await ownWork().then(resolve, reject)
        this.#places.give(organizationId)
      })
      if (!this.#busy) void this.#run()
    })
  }

  async #run(): Promise<void> {
    this.#busy = true
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) await next()
    this.#busy = false
  }
}
