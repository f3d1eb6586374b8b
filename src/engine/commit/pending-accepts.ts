import { MAX_DELIVERIES } from '../../core/delivery/delivery.ts'
import type { Problem } from '../../core/problem.ts'
import { FairPlaces } from '../../core/sharing/fair-places.ts'
import { FairQueue } from '../../core/sharing/fair-queue.ts'
import { full } from '../../core/sharing/full.ts'
import type { Accept, AcceptResult, Settlement, SettleResult } from '../../store/commit/batch.ts'

/** A write that waits for its commit. */
export interface PendingWrite<Write, Result> {
  write: Write
  resolve(result: Result): void
  reject(error: unknown): void
}

export type PendingAccept = PendingWrite<Accept, AcceptResult>
export type PendingSettlement = PendingWrite<Settlement, SettleResult>

/** What accepts weigh together. */
interface Load {
  messages: number
  deliveries: number
  /** Characters of data. */
  chars: number
}

/** Past these the server answers 503 instead of growing. */
const MOST_WAITING: Load = { messages: 15_000, deliveries: 30 * MAX_DELIVERIES, chars: 96 * 1024 * 1024 }
/** One organization alone has two thirds of that, and the next as much of what is left. */
const TIMES = 1 / 2
/** Heavy accepts get half of the room, so that they never leave none for light ones. */
const HEAVY_SHARE = 1 / 2
/** What a commit takes beside its settlements: as much as the largest single request brings. */
const MOST_OF_A_COMMIT: Load = { messages: 1_000, deliveries: MAX_DELIVERIES, chars: 16 * 1024 * 1024 }
/** One message to more listeners than that is as much work as a batch. */
const LIGHT_DELIVERIES = 100

/**
 * Accepts that wait for a commit; light ones, of one message, and heavy ones, such as batches, in two lines, so that a
 * thousand messages that come at once do not keep one that comes alone waiting. In each line organizations take turns.
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

  /** Lets an accept wait for a commit. Answers null where it waits now; else why there is no room for it. */
  push(waiting: PendingAccept): Problem | null {
    return this.#lineOf(waiting.write).push(waiting)
  }

  /**
   * As many light accepts as a commit takes; every other time, or where there are none, also as many heavy ones as still
   * fit, but at least one that waits. A light one thus waits for one commit with a heavy one at most, the one that is
   * under way.
   */
  take(): PendingAccept[] {
    const left = { ...MOST_OF_A_COMMIT }
    const light = this.#light.take(left)
    this.#passedOver = light.length > 0 && this.#heavy.length > 0 && !this.#passedOver
    return this.#passedOver ? light : [...light, ...this.#heavy.take(left)]
  }

  /** Gives back the memory that accepts took, once their commit has ended. */
  release(taken: readonly PendingAccept[]): void {
    for (const { write } of taken) this.#lineOf(write).release(write)
  }

  #lineOf({ messages }: Accept): Line {
    return messages.length > 1 || messages[0]!.deliveries.length > LIGHT_DELIVERIES ? this.#heavy : this.#light
  }
}

class Line {
  /** Of what waits. */
  readonly #messages: FairPlaces
  /** Of what waits, and of what is being written. */
  readonly #deliveries: FairPlaces
  readonly #chars: FairPlaces
  readonly #waiting = new FairQueue<PendingAccept>()

  constructor({ messages, deliveries, chars }: Load) {
    this.#messages = new FairPlaces(messages, { times: TIMES })
    this.#deliveries = new FairPlaces(deliveries, { times: TIMES })
    this.#chars = new FairPlaces(chars, { times: TIMES })
  }

  get length(): number {
    return this.#waiting.length
  }

  push(waiting: PendingAccept): Problem | null {
    const { messages } = waiting.write
    const owner = ownerOf(waiting.write)
    const deliveries = deliveriesIn(messages)
    if (!this.#messages.take(owner, messages.length)) return full(this.#messages, owner, refusal('messages'))
    if (!this.#deliveries.take(owner, deliveries)) {
      this.#messages.give(owner, messages.length)
      return full(this.#deliveries, owner, refusal('deliveries'))
    }
    if (!this.#chars.take(owner, charsIn(messages))) {
      this.#messages.give(owner, messages.length)
      this.#deliveries.give(owner, deliveries)
      return full(this.#chars, owner, refusal('characters of data'))
    }
    this.#waiting.push(owner, waiting)
    return null
  }

  release(write: Accept): void {
    const owner = ownerOf(write)
    this.#deliveries.give(owner, deliveriesIn(write.messages))
    this.#chars.give(owner, charsIn(write.messages))
  }

  /** As many accepts as `left` has room for, which is made smaller by them; a first one is taken whatever it weighs. */
  take(left: Load): PendingAccept[] {
    const taken: PendingAccept[] = []
    for (let next = this.#waiting.peek(); next !== undefined; next = this.#waiting.peek()) {
      const { write } = next
      left.messages -= write.messages.length
      left.deliveries -= deliveriesIn(write.messages)
      left.chars -= charsIn(write.messages)
      const fits = left.messages >= 0 && left.deliveries >= 0 && left.chars >= 0
      if (taken.length > 0 && !fits) break
      this.#messages.give(ownerOf(write), write.messages.length)
      taken.push(this.#waiting.shift()!)
      if (!fits) break
    }
    return taken
  }
}

function refusal(what: string): { code: 'overloaded'; what: string } {
  return { code: 'overloaded', what: `${what} that may wait to be stored` }
}

/** All messages of an accept are one queue's. */
function ownerOf({ messages }: Accept): string {
  return messages[0]!.message.organizationId
}

// Counted each time that it is asked for: an object with all of a load would be made four times for each message.

function deliveriesIn(messages: Accept['messages']): number {
  let count = 0
  for (const { deliveries } of messages) count += deliveries.length
  return count
}

function charsIn(messages: Accept['messages']): number {
  let chars = 0
  for (const { message } of messages) chars += message.data.length
  return chars
}

function scaled({ messages, deliveries, chars }: Load, by: number): Load {
  return { messages: messages * by, deliveries: deliveries * by, chars: chars * by }
}
