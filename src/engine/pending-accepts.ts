import { MAX_DELIVERIES } from '../core/delivery.ts'
import type { Accept, AcceptResult } from '../store/batch.ts'

/** A write that waits for its commit. */
export interface Waiting<Write, Result> {
  write: Write
  resolve(result: Result): void
  reject(error: unknown): void
}

export type WaitingAccept = Waiting<Accept, AcceptResult>

/** What accepts weigh together. */
interface Load {
  messages: number
  deliveries: number
  /** Characters of data. */
  chars: number
}

/** Past these the server answers 503 instead of growing. */
const MOST_WAITING: Load = { messages: 10_000, deliveries: 20 * MAX_DELIVERIES, chars: 64 * 1024 * 1024 }
/** Heavy accepts get half of the room, so that they never leave none for light ones. */
const HEAVY_SHARE = 1 / 2
/** Beside the settlements of a commit: as much as the largest single request brings. */
const MOST_OF_A_COMMIT: Load = { messages: 1_000, deliveries: MAX_DELIVERIES, chars: 16 * 1024 * 1024 }
/** One message to more listeners than that is as much work as a batch. */
const LIGHT_DELIVERIES = 100

/**
 * Accepts that wait for a commit, first come, first served; light ones, of one message, and heavy ones, such as batches,
 * in two lines, so that a thousand messages that come at once do not keep one that comes alone waiting.
 */
export class PendingAccepts {
  readonly #light = new Line(MOST_WAITING)
  readonly #heavy = new Line(scaled(MOST_WAITING, HEAVY_SHARE))
  /** The last commit went without the heavy ones that waited. */
  #passedOver = false

  /** Calls that wait, whatever number of messages they hold. */
  get length(): number {
    return this.#light.length + this.#heavy.length
  }

  hasRoomFor(accept: Accept): boolean {
    return this.#lineOf(accept).hasRoom && this.#light.held.chars + this.#heavy.held.chars < MOST_WAITING.chars
  }

  push(waiting: WaitingAccept): void {
    this.#lineOf(waiting.write).push(waiting)
  }

  /**
   * As many light accepts as a commit takes; every other time, or where there are none, also as many heavy ones as still
   * fit, but at least one that waits. A light one thus waits for one commit with a heavy one at most, the one that is
   * under way.
   */
  take(): WaitingAccept[] {
    const left = { ...MOST_OF_A_COMMIT }
    const light = this.#light.take(left)
    this.#passedOver = light.length > 0 && this.#heavy.length > 0 && !this.#passedOver
    return this.#passedOver ? light : [...light, ...this.#heavy.take(left)]
  }

  /** What was taken is not held any more. */
  release(taken: readonly WaitingAccept[]): void {
    for (const { write } of taken) this.#lineOf(write).release(write)
  }

  #lineOf({ messages }: Accept): Line {
    return messages.length > 1 || messages[0]!.deliveries.length > LIGHT_DELIVERIES ? this.#heavy : this.#light
  }
}

class Line {
  readonly #most: Load
  #waiting: WaitingAccept[] = []
  /** Of what waits, and of what is being written. */
  readonly held: Load = { messages: 0, deliveries: 0, chars: 0 }
  /** Of what waits. */
  #messages = 0

  constructor(most: Load) {
    this.#most = most
  }

  get length(): number {
    return this.#waiting.length
  }

  get hasRoom(): boolean {
    const { messages, deliveries, chars } = this.#most
    return this.#messages < messages && this.held.deliveries < deliveries && this.held.chars < chars
  }

  push(waiting: WaitingAccept): void {
    this.#waiting.push(waiting)
    this.#messages += waiting.write.messages.length
    addTo(this.held, waiting.write, 1)
  }

  release(write: Accept): void {
    addTo(this.held, write, -1)
  }

  /** As many accepts as `left` has room for, which is made smaller by them; a first one is taken whatever it weighs. */
  take(left: Load): WaitingAccept[] {
    let count = 0
    for (const { write } of this.#waiting) {
      addTo(left, write, -1)
      const fits = left.messages >= 0 && left.deliveries >= 0 && left.chars >= 0
      if (count > 0 && !fits) break
      count += 1
      this.#messages -= write.messages.length
      if (!fits) break
    }
    const taken = this.#waiting.slice(0, count)
    this.#waiting = count === this.#waiting.length ? [] : this.#waiting.slice(count)
    return taken
  }
}

function addTo(load: Load, { messages }: Accept, sign: 1 | -1): void {
  load.messages += sign * messages.length
  for (const { message, deliveries } of messages) {
    load.deliveries += sign * deliveries.length
    load.chars += sign * message.data.length
  }
}

function scaled({ messages, deliveries, chars }: Load, by: number): Load {
  return { messages: messages * by, deliveries: deliveries * by, chars: chars * by }
}
