import type { Accept, AcceptResult } from '../store/batch.ts'

/** A write that waits for its commit. */
export interface Waiting<Write, Result> {
  write: Write
  resolve(result: Result): void
  reject(error: unknown): void
}

export type WaitingAccept = Waiting<Accept, AcceptResult>

/** Past these the server answers 503 instead of growing. */
const MAX_MESSAGES = 10_000
const MAX_BYTES = 64 * 1024 * 1024
/** Batches get half of the room, so that they never leave none for single messages. */
const BATCH_SHARE = 1 / 2

/**
 * Accepts that wait for a commit, first come, first served; single messages and batches in two lines, so that a
 * thousand that come at once do not keep one that comes alone waiting.
 */
export class PendingAccepts {
  readonly #singles = new Line(MAX_MESSAGES, MAX_BYTES)
  readonly #batches = new Line(MAX_MESSAGES * BATCH_SHARE, MAX_BYTES * BATCH_SHARE)
  /** The last commit went without the batches that waited. */
  #passedOver = false

  /** Calls that wait, whatever number of messages they hold. */
  get length(): number {
    return this.#singles.length + this.#batches.length
  }

  hasRoomFor(accept: Accept): boolean {
    const bytes = this.#singles.bytes + this.#batches.bytes
    return this.#lineOf(accept).hasRoom && bytes < MAX_BYTES
  }

  push(waiting: WaitingAccept): void {
    this.#lineOf(waiting.write).push(waiting)
  }

  /**
   * Up to `limit` single messages; every other time, or where there are none, also as many batches as still fit, but at
   * least one that waits. A single message thus waits for one commit with a batch at most, the one that is under way.
   */
  take(limit: number): WaitingAccept[] {
    const singles = this.#singles.take(limit)
    this.#passedOver = singles.length > 0 && this.#batches.length > 0 && !this.#passedOver
    return this.#passedOver ? singles : [...singles, ...this.#batches.take(limit - singles.length)]
  }

  /** The data of what was taken is not held any more. */
  release(taken: readonly WaitingAccept[]): void {
    for (const { write } of taken) this.#lineOf(write).bytes -= bytesOf(write)
  }

  #lineOf(accept: Accept): Line {
    return accept.messages.length > 1 ? this.#batches : this.#singles
  }
}

class Line {
  readonly #maxMessages: number
  readonly #maxBytes: number
  #waiting: WaitingAccept[] = []
  #messages = 0
  /** Also of what is being written. */
  bytes = 0

  constructor(maxMessages: number, maxBytes: number) {
    this.#maxMessages = maxMessages
    this.#maxBytes = maxBytes
  }

  get length(): number {
    return this.#waiting.length
  }

  get hasRoom(): boolean {
    return this.#messages < this.#maxMessages && this.bytes < this.#maxBytes
  }

  push(waiting: WaitingAccept): void {
    this.#waiting.push(waiting)
    this.#messages += waiting.write.messages.length
    this.bytes += bytesOf(waiting.write)
  }

  /** As many messages as the limit says, but for a first one that is larger. */
  take(limit: number): WaitingAccept[] {
    let [count, messages] = [0, 0]
    for (const { write } of this.#waiting) {
      if (count > 0 && messages + write.messages.length > limit) break
      count += 1
      messages += write.messages.length
    }
    this.#messages -= messages
    const taken = this.#waiting.slice(0, count)
    this.#waiting = count === this.#waiting.length ? [] : this.#waiting.slice(count)
    return taken
  }
}

function bytesOf({ messages }: Accept): number {
  let bytes = 0
  for (const { message } of messages) bytes += message.data.length
  return bytes
}
