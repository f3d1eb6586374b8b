import { MAX_DATA_BYTES } from '../delivery/message.ts'

/** Values of one text of JSON: far more than the largest body that is valid holds, a hundred scopes with their targets. */
export const MAX_JSON_VALUES = 100_000
/** Levels of arrays and objects within each other. */
export const MAX_JSON_LEVELS = 100
/**
 * Bytes of one string as it is written: the data of a message, 256 KiB, of which every character is escaped as `\u0000`.
 * Nothing that is longer can be valid, and to parse it would take the thread for tens of milliseconds.
 */
export const MAX_JSON_STRING_BYTES = 6 * MAX_DATA_BYTES
/** Texts below have too few characters for either to take long. */
const WORTH_COUNTING = 2 * MAX_JSON_LEVELS

const [SPACE, QUOTE, BACKSLASH, COMMA, COLON] = [0x20, 0x22, 0x5c, 0x2c, 0x3a]
const [BRACKET, BRACKET_END, BRACE, BRACE_END] = [0x5b, 0x5d, 0x7b, 0x7d]

const QUOTES = 2
const LONG_STRING = `a string of more than ${MAX_JSON_STRING_BYTES} bytes`

/**
 * Bytes of a string that are looked at one by one before its end is searched for: a search costs as much as some dozen of
 * them, and strings may be short, or full of quotes that are escaped.
 */
const NEAR = 64

/** An array that is a property of the outermost object, by positions in the text. */
export interface ListMarks {
  /** The property's name, quotes included, as far as it is one. */
  name: [from: number, to: number]
  /** Where the array's text begins behind `[`, and where its `]` is. */
  from: number
  to: number
  /** Between its entries. */
  commas: number[]
}

/**
 * Counts what a parser would have to make of a text of JSON, or of what only looks like it, before it is parsed: with one
 * look at each byte, in as many pieces as the caller likes. The text is UTF-8: all that counts here is ASCII.
 */
export class JsonCount {
  values = 0
  /** Properties of the outermost object, as often as they are there. */
  properties = 0
  /** The longest array that is a property of the outermost object. */
  longest: ListMarks | null = null
  #level = 0
  #inString = false
  #escaped = false
  /** Where the last string began. */
  #stringFrom = 0
  #string: [from: number, to: number] = [0, 0]
  #list: ListMarks | null = null
  #inObject = false

  /** Reads on, from one position to before another; answers with what is too much so far, or null. */
  read(bytes: Buffer, from: number, to: number): string | null {
    // A search for the end of a string must not go beyond: it would look at the rest again with the next piece.
    const piece = bytes.subarray(0, to)
    let at = from
    if (this.#inString) {
      at = this.#readString(piece, from) + 1
      if (this.#isTooLong(at)) return LONG_STRING
    }
    for (; at < to; at++) {
      const byte = piece[at]!
      if (byte <= SPACE) continue
      if (byte === QUOTE) {
        this.#inString = true
        this.#stringFrom = at
        if (this.#level === 1) this.#string[0] = at
        at = this.#readString(piece, at + 1)
        if (this.#isTooLong(at)) return LONG_STRING
      } else if (byte === COMMA || byte === COLON || byte >= BRACKET) {
        const excess = this.#readMark(byte, at)
        if (excess !== null) return excess
      }
    }
    return null
  }

  /** Whether the string that has ended, or goes on, at a position is longer than any that is valid. */
  #isTooLong(at: number): boolean {
    return at - this.#stringFrom > MAX_JSON_STRING_BYTES + QUOTES
  }

  #readMark(byte: number, at: number): string | null {
    if (byte === COMMA || byte === COLON) {
      this.values += 1
      if (this.#level <= 2) this.#separate(byte, at)
    } else if (byte === BRACKET || byte === BRACE) {
      this.values += 1
      this.#level += 1
      if (this.#level <= 2) this.#open(byte, at)
      if (this.#level > MAX_JSON_LEVELS) return `more than ${MAX_JSON_LEVELS} levels of arrays and objects`
    } else if (byte === BRACKET_END || byte === BRACE_END) {
      if (this.#level === 2) this.#close(byte, at)
      this.#level -= 1
    }
    return this.values > MAX_JSON_VALUES ? `more than ${MAX_JSON_VALUES} values` : null
  }

  /** To the end of the string, or of the piece; answers with the last position that was read. */
  #readString(piece: Buffer, from: number): number {
    const end = piece.length
    let at = from
    let escaped = this.#escaped
    while (at < end) {
      for (const near = Math.min(end, at + NEAR); at < near; at++) {
        const byte = piece[at]
        if (escaped) escaped = false
        else if (byte === BACKSLASH) escaped = true
        else if (byte === QUOTE) {
          this.#inString = this.#escaped = false
          if (this.#level === 1) this.#string[1] = at + 1
          return at
        }
      }
      // Among backslashes a search would come back to where it began.
      if (!escaped && piece[at] !== BACKSLASH) at = endOfPlain(piece, at)
    }
    this.#escaped = escaped
    return end
  }

  #open(byte: number, at: number): void {
    if (this.#level === 1) this.#inObject = byte === BRACE
    else if (byte === BRACKET && this.#inObject) {
      this.#list = { name: [...this.#string], from: at + 1, to: at, commas: [] }
    }
  }

  #separate(byte: number, at: number): void {
    if (this.#level === 1 && byte === COLON) this.properties += 1
    if (this.#level === 2 && byte === COMMA) this.#list?.commas.push(at)
  }

  #close(byte: number, at: number): void {
    const list = this.#list
    this.#list = null
    if (list === null || byte !== BRACKET_END) return
    list.to = at
    if (this.longest === null || at - list.from > this.longest.to - this.longest.from) this.longest = list
  }
}

/** What a text of JSON holds too much of, such as `more than 100 levels of arrays and objects`, or null. */
export function jsonExcess(text: string | Buffer): string | null {
  if (text.length < WORTH_COUNTING) return null
  const bytes = typeof text === 'string' ? Buffer.from(text) : text
  return new JsonCount().read(bytes, 0, bytes.length)
}

/** The position of the next quote, or the end, or of the first of the backslashes right in front of that. */
function endOfPlain(piece: Buffer, from: number): number {
  const quote = piece.indexOf(QUOTE, from)
  let at = quote === -1 ? piece.length : quote
  while (at > from && piece[at - 1] === BACKSLASH) at -= 1
  return at
}
