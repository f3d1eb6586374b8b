import { isUtf8 } from 'node:buffer'
import type { FastifyRequest } from 'fastify'
import { Problem } from '../core/problem.ts'
import { digestBody } from './idempotency.ts'

/** 1 MiB. */
export const MAX_BODY_BYTES = 1024 * 1024
/** 16 MiB, for many messages at once. */
export const MAX_BATCH_BODY_BYTES = 16 * 1024 * 1024

/** Far more than the largest body that is valid holds: a hundred scopes with their targets. */
const MAX_VALUES = 100_000
/** Smaller bodies cannot hold so many. */
const WORTH_COUNTING = 2 * MAX_VALUES
const [QUOTE, BACKSLASH] = [0x22, 0x5c]
/** `,` `:` `[` `{` */
const BEFORE_VALUE: ReadonlySet<number> = new Set([0x2c, 0x3a, 0x5b, 0x7b])

/**
 * Parses a body of JSON; an empty one is `undefined`, because not every route needs one. Bytes that are not UTF-8 are
 * refused: decoding them would silently store something else than was sent.
 */
export function parseBody(
  request: FastifyRequest,
  body: Buffer,
  done: (error: Error | null, body?: unknown) => void,
): void {
  let parsed: unknown
  digestBody(request, body)
  try {
    parsed = body.length === 0 ? undefined : parse(body)
  } catch (error) {
    done(error as Problem)
    return
  }
  // Outside of the try: whatever runs from here on is not about parsing any more.
  done(null, parsed)
}

function parse(body: Buffer): unknown {
  // Millions of values take seconds to parse, and a hundred times the memory of their text, before anything can look at
  // them.
  if (body.length > WORTH_COUNTING && countValues(body) > MAX_VALUES) {
    throw new Problem('body_too_large', { detail: `the body holds more than ${MAX_VALUES} values` })
  }
  if (!isUtf8(body)) throw new Problem('bad_json', { detail: 'the body is not valid UTF-8' })
  try {
    return JSON.parse(body.toString('utf8'))
  } catch (error) {
    throw new Problem('bad_json', { detail: whereItBroke(error), cause: error })
  }
}

/** Counts what stands before a value, outside of strings; stops where there is too much. */
function countValues(body: Buffer): number {
  let values = 0
  for (let at = 0; at < body.length && values <= MAX_VALUES; at++) {
    if (body[at] === QUOTE) at = endOfString(body, at)
    else if (BEFORE_VALUE.has(body[at]!)) values += 1
  }
  return values
}

function endOfString(body: Buffer, start: number): number {
  for (let at = start + 1; at < body.length; at++) {
    if (body[at] === BACKSLASH) at += 1
    else if (body[at] === QUOTE) return at
  }
  return body.length
}

/** The parser's own message quotes the body, which may hold a secret; where it broke is enough. */
function whereItBroke(error: unknown): string {
  const message = error instanceof Error ? error.message : ''
  if (message.startsWith('Unexpected end')) return 'the body is not valid JSON: it ends too early'
  const position = /at position \d+/.exec(message)
  return position === null ? 'the body is not valid JSON' : `the body is not valid JSON ${position[0]}`
}
