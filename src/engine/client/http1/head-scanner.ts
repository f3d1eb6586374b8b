import { KeptFields } from './kept-fields.ts'
import { HeadTooLarge, InvalidResponse, type ResponseHead, responseHead } from './response-head.ts'
import { expectBeginning, shown } from './unreadable.ts'

/** As much as curl takes, so that we are no stricter. Nothing of it is kept but what fits into the limits below. */
export const MAX_HEAD_BYTES = 300 * 1024
const MAX_FIELDS = 5_000
/** What is kept of a status line, and of a name. */
const MAX_TEXT = 64

const [NUL, TAB, LF, CR, SPACE, COLON] = [0x00, 0x09, 0x0a, 0x0d, 0x20, 0x3a]
/** As lenient as Go and curl together: any version of one digit, several spaces, any reason phrase or none. */
const STATUS_LINE = /^HTTP\/(\d)(?:\.(\d))? +([1-9]\d\d)(?!\d)/i

/** `line`: at the first byte of one; `blank`: behind a CR that stands there. */
type State = 'status' | 'line' | 'blank' | 'name' | 'value' | 'ended'

/**
 * Reads the head of a response, in whatever pieces it comes, looking at each byte once. It takes what Go's `net/http`
 * or curl takes: folded fields, bare line feeds, spaces before a colon, names and values of odd characters. Only what
 * means something here is kept, so that a head costs the same memory however long it is.
 */
export class HeadScanner {
  #state: State = 'ended'
  /** Bytes that the head may still have. */
  #room = 0
  /** Of the status line or the name that is being read, as far as it is kept, one character for a byte. */
  #text = ''
  #status = 0
  /** HTTP/1.1 or later. */
  #is11 = false
  #fieldCount = 0
  #kept = new KeptFields()
  #head: ResponseHead | null = null

  /** The next bytes begin a head, which may have `room` bytes. */
  begin(room: number): void {
    this.#state = 'status'
    this.#room = room
    this.#text = ''
    this.#fieldCount = 0
    this.#kept = new KeptFields()
    this.#head = null
  }

  /** The head, once its last byte has come. */
  get head(): ResponseHead | null {
    return this.#head
  }

  /** Takes bytes in from `at` on; answers where the head, or all of them, end. Throws `InvalidResponse`, `HeadTooLarge`. */
  scan(bytes: Buffer, at: number): number {
    const end = Math.min(bytes.length, at + this.#room)
    let next = at
    while (next < end && this.#state !== 'ended') next = this.#step(bytes, next, end)
    this.#room -= next - at
    if (this.#state !== 'ended' && next < bytes.length) throw tooLarge()
    return next
  }

  #step(bytes: Buffer, at: number, end: number): number {
    switch (this.#state) {
      case 'status':
        return this.#readStatusLine(bytes, at, end)
      case 'name':
        return this.#readName(bytes, at, end)
      case 'value':
        return this.#readValue(bytes, at, end)
      default:
        return this.#beginLine(bytes[at]!, at)
    }
  }

  #readStatusLine(bytes: Buffer, at: number, end: number): number {
    // At once: what speaks another protocol may never end a line.
    expectBeginning(this.#text, bytes, at)
    let next = at
    while (next < end && bytes[next] !== LF) next += 1
    this.#keep(bytes, at, next)
    if (next === end) return end
    this.#statusLineRead()
    return next + 1
  }

  #statusLineRead(): void {
    const match = STATUS_LINE.exec(this.#text)
    if (match === null) throw new InvalidResponse(`the status line cannot be read: ${shown(this.#text)}`)
    this.#status = Number(match[3])
    this.#is11 = `${match[1]}.${match[2] ?? 0}` >= '1.1'
    this.#state = 'line'
  }

  /** Looks at the first byte of a line, which says whether it is a field, more of the one before, or the end. */
  #beginLine(byte: number, at: number): number {
    if (byte === LF) this.#end()
    else if (this.#state === 'blank') throw new InvalidResponse('a header line begins with a carriage return')
    else if (byte === CR) this.#state = 'blank'
    else if (byte === SPACE || byte === TAB) this.#fold()
    else {
      this.#kept.end()
      this.#text = ''
      this.#state = 'name'
      // Not consumed: it may be a colon, or a NUL.
      return at
    }
    return at + 1
  }

  #fold(): void {
    if (this.#fieldCount === 0) throw new InvalidResponse('the first header line begins with a space')
    this.#kept.fold()
    this.#state = 'value'
  }

  #readName(bytes: Buffer, at: number, end: number): number {
    let next = at
    while (next < end && bytes[next] !== COLON && bytes[next] !== LF && bytes[next] !== NUL) next += 1
    this.#keep(bytes, at, next)
    if (next === end) return end
    if (bytes[next] === NUL) throw withNul()
    if (bytes[next] === LF) throw new InvalidResponse(`a header line has no colon: ${shown(this.#text)}`)
    this.#fieldCount += 1
    if (this.#fieldCount > MAX_FIELDS) throw new HeadTooLarge(`the answer has more than ${MAX_FIELDS} header fields`)
    // A name that was cut may have been another one.
    this.#kept.begin(this.#text.length < MAX_TEXT ? this.#text : '')
    this.#state = 'value'
    return next + 1
  }

  #readValue(bytes: Buffer, at: number, end: number): number {
    let next = at
    while (next < end && bytes[next] !== LF && bytes[next] !== NUL) next += 1
    this.#kept.add(bytes, at, next)
    if (next === end) return end
    if (bytes[next] === NUL) throw withNul()
    this.#state = 'line'
    return next + 1
  }

  #keep(bytes: Buffer, at: number, end: number): void {
    const room = MAX_TEXT - this.#text.length
    if (room > 0 && end > at) this.#text += bytes.toString('latin1', at, Math.min(end, at + room))
  }

  #end(): void {
    this.#kept.end()
    const { fields, isOdd } = this.#kept
    this.#head = responseHead({ status: this.#status, is11: this.#is11, fields, isOdd })
    this.#state = 'ended'
  }
}

export function tooLarge(): HeadTooLarge {
  return new HeadTooLarge(`the head of the answer is larger than ${MAX_HEAD_BYTES / 1024} KiB`)
}

function withNul(): InvalidResponse {
  return new InvalidResponse('a header line has a NUL character')
}
