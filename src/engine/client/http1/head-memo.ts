import type { ResponseHead } from './response-head.ts'

/** Longer heads are rare, and read anew each time. */
const MAX_BYTES = 4_096

/**
 * The head that was read last, by its bytes. A listener answers thousands of requests in the same words, so that most
 * heads need no more than a comparison. No head is the beginning of another one, for each ends with its empty line.
 */
export class HeadMemo {
  readonly #bytes = Buffer.allocUnsafeSlow(MAX_BYTES)
  #length = 0
  #head: ResponseHead | null = null

  /** How many bytes the head has that `find` has found. */
  get length(): number {
    return this.#length
  }

  /** The head that begins at this place, where it is the one that is remembered. */
  find(bytes: Buffer, at: number): ResponseHead | null {
    const end = at + this.#length
    if (this.#head === null || end > bytes.length) return null
    return bytes.compare(this.#bytes, 0, this.#length, at, end) === 0 ? this.#head : null
  }

  /** These bytes are this head, from its first to its last. */
  remember(bytes: Buffer, at: number, end: number, head: ResponseHead): void {
    if (end - at > MAX_BYTES) return
    this.#length = bytes.copy(this.#bytes, 0, at, end)
    this.#head = head
  }
}
