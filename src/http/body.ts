import { isUtf8 } from 'node:buffer'
import type { FastifyRequest } from 'fastify'
import { Problem } from '../core/problem.ts'
import { digestBody } from './idempotency.ts'

/** 1 MiB. */
export const MAX_BODY_BYTES = 1024 * 1024
/** 16 MiB, for many messages at once. */
export const MAX_BATCH_BODY_BYTES = 16 * 1024 * 1024

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
  if (!isUtf8(body)) throw new Problem('bad_json', { detail: 'the body is not valid UTF-8' })
  try {
    return JSON.parse(body.toString('utf8'))
  } catch (error) {
    throw new Problem('bad_json', { detail: whereItBroke(error), cause: error })
  }
}

/** The parser's own message quotes the body, which may hold a secret; where it broke is enough. */
function whereItBroke(error: unknown): string {
  const message = error instanceof Error ? error.message : ''
  if (message.startsWith('Unexpected end')) return 'the body is not valid JSON: it ends too early'
  const position = /at position \d+/.exec(message)
  return position === null ? 'the body is not valid JSON' : `the body is not valid JSON ${position[0]}`
}
