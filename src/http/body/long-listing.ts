import { Readable } from 'node:stream'
import type { FastifyReply } from 'fastify'

/** Characters that are written in one go. */
const WRITTEN_AT_ONCE = 256 * 1024
/** Of an entry, beside the data that a client chose. */
const ENTRY_CHARS = 500

interface Embedding {
  _embedded?: { [collection: string]: readonly object[] }
}

/** A long list in a body, and the body with another list in its place. */
interface LongList {
  entries: readonly { data?: unknown; data_base64?: unknown }[]
  around(list: readonly string[]): object
  /** Levels at which the entries lie. */
  level: number
}

/**
 * A listing whose full entries are long together is written entry by entry, between which the thread is free for other
 * requests; any other is left to Fastify. The type is kept,
 * because Fastify sends a stream as it is.
 */
export function inPieces<Body extends object>(reply: FastifyReply, body: Body): Body {
  const [collection, entries] = Object.entries((body as Embedding)._embedded ?? {})[0] ?? []
  if (collection === undefined) return body
  const around = (list: readonly string[]) => ({ ...body, _embedded: { [collection]: list } })
  return written(reply, body, { entries: entries!, around, level: 3 })
}

/**
 * An answer to a pull whose messages are long together is written message by message. One that is kept for repetitions of its request is written as a whole.
 */
export function pulledInPieces<Body extends { messages: readonly { data?: string; data_base64?: string }[] }>(
  reply: FastifyReply,
  body: Body,
): Body {
  if (reply.request.turn !== null) return body
  const around = (messages: readonly string[]) => ({ ...body, messages })
  return written(reply, body, { entries: body.messages, around, level: 2 })
}

function written<Body extends object>(reply: FastifyReply, body: Body, list: LongList): Body {
  const chars = charsOf(list.entries)
  if (chars <= WRITTEN_AT_ONCE) return body
  const indent = (reply.request.query as { pretty?: boolean }).pretty === true ? 2 : 0
  reply.type('application/json; charset=utf-8')
  reply.request.answerBytes = chars
  const { organizationId } = reply.request.principal
  const turn = () => reply.server.answerRoom.turns.next(organizationId)
  return Readable.from(pieces(list, indent, turn), { objectMode: false }) as unknown as Body
}

/** About how long they are. */
function charsOf(entries: LongList['entries']): number {
  const textOf = ({ data, data_base64: base64 }: (typeof entries)[number]) => data ?? base64
  return entries.reduce((sum, entry) => sum + ENTRY_CHARS + lengthOf(textOf(entry)), 0)
}

function lengthOf(text: unknown): number {
  return typeof text === 'string' ? text.length : 0
}

/** `turn` resolves when the next piece may be written: the pieces of many answers at once would be a long one together. */
async function* pieces({ entries, around, level }: LongList, indent: number, turn: () => Promise<void>) {
  let chars = 0
  const mark = '\u0000'
  // What is around the entries, with a mark in their place: a control character is in no text of JSON as it is.
  const [before, behind] = JSON.stringify(around([mark]), null, indent).split(JSON.stringify(mark)) as [string, string]
  const newLine = indent === 0 ? '' : `\n${' '.repeat(indent * level)}`
  let separator = before
  await turn()
  for (const entry of entries) {
    if (chars >= WRITTEN_AT_ONCE) {
      chars = 0
      await turn()
    }
    const text = JSON.stringify(entry, null, indent)
    // Line breaks in strings are escaped, so that these are all of the layout.
    yield separator + (indent === 0 ? text : text.replaceAll('\n', newLine))
    separator = `,${newLine}`
    chars += text.length
  }
  yield behind
}
