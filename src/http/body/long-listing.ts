import { Readable } from 'node:stream'
import type { FastifyReply } from 'fastify'
import { TimeSlices } from '../../app/caches/time-slices.ts'

/** Characters that are written in one go. */
const WRITTEN_AT_ONCE = 256 * 1024
/** Levels at which the entries of a collection lie in a listing's body. */
const ENTRY_LEVEL = 3
/** Of an entry, beside the data that a client chose. */
const ENTRY_CHARS = 500

interface Embedding {
  _embedded?: { [collection: string]: readonly object[] }
}

/**
 * A listing whose full entries are long together is written entry by entry, between which the thread is free for other
 * requests; any other is left to Fastify. The type is kept,
 * because Fastify sends a stream as it is.
 */
export function inPieces<Body extends object>(reply: FastifyReply, body: Body): Body {
  const [collection, entries] = Object.entries((body as Embedding)._embedded ?? {})[0] ?? []
  const chars = collection === undefined ? 0 : charsOf(entries!)
  if (collection === undefined || chars <= WRITTEN_AT_ONCE) return body
  const indent = (reply.request.query as { pretty?: boolean }).pretty === true ? 2 : 0
  reply.type('application/json; charset=utf-8')
  reply.request.answerBytes = chars
  return Readable.from(pieces(body, collection, entries!, indent), { objectMode: false }) as unknown as Body
}

/** About how long they are. */
function charsOf(entries: readonly { data?: unknown }[]): number {
  return entries.reduce((sum, { data }) => sum + ENTRY_CHARS + (typeof data === 'string' ? data.length : 0), 0)
}

async function* pieces(body: object, collection: string, entries: readonly object[], indent: number) {
  const slices = new TimeSlices(WRITTEN_AT_ONCE)
  const mark = '\u0000'
  // What is around the entries, with a mark in their place: a control character is in no text of JSON as it is.
  const around = JSON.stringify({ ...body, _embedded: { [collection]: [mark] } }, null, indent)
  const [before, behind] = around.split(JSON.stringify(mark)) as [string, string]
  const newLine = indent === 0 ? '' : `\n${' '.repeat(indent * ENTRY_LEVEL)}`
  let separator = before
  for (const entry of entries) {
    const text = JSON.stringify(entry, null, indent)
    // Line breaks in strings are escaped, so that these are all of the layout.
    yield separator + (indent === 0 ? text : text.replaceAll('\n', newLine))
    separator = `,${newLine}`
    if (slices.due(text.length)) await slices.pause()
  }
  yield behind
}
