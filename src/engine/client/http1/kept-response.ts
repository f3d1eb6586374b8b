/** What is kept of an answer to be shown: its beginning, up to so many bytes, never cut inside a character. */
export class KeptResponse {
  readonly #limit: number
  readonly #pieces: Buffer[] = []
  #room: number
  #isCut = false

  constructor(limit: number) {
    this.#limit = limit
    this.#room = limit
  }

  /** Takes the next bytes, which remain the caller's. */
  add(bytes: Buffer): void {
    if (bytes.length > this.#room) this.#isCut = true
    if (this.#room === 0) return
    const piece = Buffer.from(bytes.subarray(0, this.#room))
    this.#room -= piece.length
    this.#pieces.push(piece)
  }

  /** As text. `isWhole`: the answer came to its end, so that what is no UTF-8 at its end is none of ours. */
  text(isWhole: boolean): string {
    const bytes = this.#pieces.length === 1 ? this.#pieces[0]! : Buffer.concat(this.#pieces, this.#limit - this.#room)
    return bytes.toString('utf8', 0, isWhole && !this.#isCut ? bytes.length : wholeCharacters(bytes))
  }
}

/** Bytes of the longest beginning that does not end inside a character of UTF-8 (RFC 3629, section 3). */
function wholeCharacters(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back]!
    if (byte < 0x80) return bytes.length
    if (byte >= 0xc0) return back < lengthOf(byte) ? bytes.length - back : bytes.length
  }
  return bytes.length
}

/** Bytes of the character that this one begins. */
function lengthOf(first: number): number {
  if (first < 0xe0) return 2
  return first < 0xf0 ? 3 : 4
}
