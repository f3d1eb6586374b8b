import { FairPlaces } from '../../../core/sharing/fair-places.ts'
import type { Cancel } from '../../../runtime.ts'

/** Look-ups under way at once, each of which is a socket. */
const MAX_AT_ONCE = 1_024
/** Names that got no answer the last time have places of their own, and take none from those that do. */
const MAX_DOUBTFUL_AT_ONCE = 256
/** Of one asker. Past this a look-up is refused, as it would not get its turn in time anyway. */
const MAX_WAITING = 4_096

/**
 * Bounds how many look-ups are under way, and shares their places by asker: the fewer are free, the fewer one asker may
 * have, so that one whose names are silent leaves room for every other asker.
 */
export class LookUpLine {
  readonly #usual: FairPlaces
  readonly #doubtful: FairPlaces
  /** How many wait, by asker. */
  readonly #waiting = new Map<string, number>()

  constructor(atOnce = MAX_AT_ONCE, doubtfulAtOnce = MAX_DOUBTFUL_AT_ONCE) {
    this.#usual = new FairPlaces(atOnce)
    this.#doubtful = new FairPlaces(doubtfulAtOnce)
  }

  /**
   * Begins when there is a place, maybe at once; `end` is to be called once it has ended. The answer takes it out of the
   * line where it has not begun, and is null where too many wait already.
   */
  enter(asker: string, doubtful: boolean, begin: (end: () => void) => void): Cancel | null {
    if ((this.#waiting.get(asker) ?? 0) >= MAX_WAITING) return null
    const places = doubtful ? this.#doubtful : this.#usual
    let wanted = true
    const start = () => {
      this.#count(asker, -1)
      // What has left keeps its place in the line until its turn comes.
      if (!wanted) return
      if (places.takeOrWait(asker, 0, start)) begin(() => places.give(asker))
      else this.#count(asker, 1)
    }
    this.#count(asker, 1)
    start()
    return () => {
      wanted = false
    }
  }

  #count(asker: string, more: 1 | -1): void {
    const waiting = (this.#waiting.get(asker) ?? 0) + more
    if (waiting === 0) this.#waiting.delete(asker)
    else this.#waiting.set(asker, waiting)
  }
}
