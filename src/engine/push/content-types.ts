import { contentTypeOf, type Message } from '../../core/delivery/message.ts'
import { givenType } from '../../core/message/body.ts'

/** Shorter data is looked at anew: that costs less than to remember it. */
const LONG_CHARS = 4_096
/** Each an id and a type: some hundred kilobytes. */
const MAX_MESSAGES = 2_000

/**
 * The `Content-Type` of messages. To find out whether 256 KiB are JSON takes milliseconds, and one such message may be
 * sent to thousands of listeners, and again: what was found of a long one is remembered for a while.
 */
export class ContentTypes {
  /** By the message's id, in the order in which they were found. */
  readonly #found = new Map<string, string>()

  of({ id, data, mediaType }: Pick<Message, 'id' | 'data' | 'mediaType'>): string {
    if (mediaType !== null) return givenType({ mediaType })!
    if (data.length < LONG_CHARS) return contentTypeOf(data)
    const known = this.#found.get(id)
    if (known !== undefined) return known
    const type = contentTypeOf(data)
    if (this.#found.size >= MAX_MESSAGES) this.#found.delete(this.#found.keys().next().value!)
    this.#found.set(id, type)
    return type
  }
}
