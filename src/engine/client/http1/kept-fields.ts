import { FRAMING_FIELDS, KEPT_FIELDS, LIST_FIELDS } from './response-head.ts'

/** What is kept of a value, and of all values of a list together. */
const MAX_VALUE = 4_096

/** The fields of one head that mean something here, put together from the pieces in which they come. */
export class KeptFields {
  readonly fields = new Map<string, string>()
  /** A field that frames the body is written so that clients read it differently, or was too long to be kept. */
  isOdd = false
  /** The field whose value is coming, where it is one that is kept. */
  #name: string | null = null
  /** Its value so far, one character for a byte. */
  #value = ''

  /** A field begins. `text`: what stands before its colon, as far as any known name could be that long. */
  begin(text: string): void {
    const name = text.trimEnd()
    const known = name.toLowerCase()
    this.#name = KEPT_FIELDS.has(known) ? known : null
    // Go and curl take a name with a space behind it for another one.
    if (name.length < text.length && FRAMING_FIELDS.has(known)) this.isOdd = true
  }

  /** The value goes on in another line (RFC 9112, section 5.2), which not every client reads as one value. */
  fold(): void {
    if (this.#name === null) return
    if (FRAMING_FIELDS.has(this.#name)) this.isOdd = true
    if (this.#value.length < MAX_VALUE) this.#value += ' '
  }

  /** These bytes are of the value. */
  add(bytes: Buffer, at: number, end: number): void {
    if (this.#name === null || end === at) return
    const room = MAX_VALUE - this.#value.length
    if (end - at > room) this.isOdd = true
    if (room > 0) this.#value += bytes.toString('latin1', at, Math.min(end, at + room))
  }

  /** The field is over, if there was one. */
  end(): void {
    const name = this.#name
    if (name === null) return
    // A carriage return that ends no line is a space (RFC 9112, section 2.2).
    const value = this.#value.replaceAll('\r', ' ').trim()
    const before = this.fields.get(name)
    if (before === undefined) this.fields.set(name, value)
    else if (LIST_FIELDS.has(name)) this.#addToList(name, before, value)
    this.#name = null
    this.#value = ''
  }

  #addToList(name: string, before: string, value: string): void {
    if (before.length + value.length < MAX_VALUE) this.fields.set(name, `${before}, ${value}`)
    else this.isOdd = true
  }
}
