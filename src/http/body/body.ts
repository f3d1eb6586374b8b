import { isUtf8 } from 'node:buffer'
import type { Readable } from 'node:stream'
import type { FastifyRequest } from 'fastify'
import { TimeSlices } from '../../app/caches/time-slices.ts'
import { Problem } from '../../core/problem.ts'
import { type JsonCount, jsonExcess } from '../../core/schema/json-count.ts'
import { collectBody, PIECE_BYTES, tooMuch } from './arriving-body.ts'
import { parseInPieces } from './json-pieces.ts'

/** 1 MiB. */
export const MAX_BODY_BYTES = 1024 * 1024
/** 16 MiB, for many messages at once. */
export const MAX_BATCH_BODY_BYTES = 16 * 1024 * 1024

/**
 * Reads a body of JSON, and parses it; an empty one is `undefined`, because not every route needs one. Bytes that are not
 * UTF-8 are refused: decoding them would silently store something else than was sent. A long one is parsed in pieces,
 * between which the thread is free for other requests.
 */
export function parseBody(
  request: FastifyRequest,
  payload: Readable,
  done: (error: Error | null, body?: unknown) => void,
): void {
  collectBody(request, payload, (error, arrived) => {
    if (arrived === undefined) {
      done(error)
      return
    }
    const { bytes, count } = arrived
    if (count !== null) {
      parseLong(bytes, count).then((long) => done(null, long), done)
      return
    }
    let parsed: unknown
    try {
      parsed = parseShort(bytes)
    } catch (problem) {
      done(problem as Problem)
      return
    }
    // Outside of the try: whatever runs from here on is not about parsing any more.
    done(null, parsed)
  })
}

/**
 * For bodies of no type, or of one that is not JSON: clients name one also where they send nothing, and in chunks the end
 * alone says that it was nothing. `body_not_json` at the first byte; what follows is left to be read after the answer.
 */
export function expectNoBody(
  _request: FastifyRequest,
  payload: Readable,
  done: (error: Error | null, body?: unknown) => void,
): void {
  const end = (error: Error | null) => {
    payload.off('data', look).off('end', finish).off('error', end)
    done(error)
  }
  const finish = () => end(null)
  const look = (bytes: Buffer) => {
    if (bytes.length > 0) end(new Problem('body_not_json'))
  }
  payload.on('data', look).on('end', finish).on('error', end)
}

/** Parses a body at once. Throws `body_too_large` and `bad_json`. */
export function parseShort(body: Buffer): unknown {
  if (body.length === 0) return undefined
  const excess = jsonExcess(body)
  if (excess !== null) throw tooMuch(excess)
  expectUtf8(body)
  try {
    return JSON.parse(body.toString('utf8'))
  } catch (error) {
    throw notJson(error)
  }
}

async function parseLong(body: Buffer, count: JsonCount): Promise<unknown> {
  const slices = new TimeSlices(PIECE_BYTES)
  expectUtf8(body)
  try {
    return await parseInPieces(body, count, { bytes: PIECE_BYTES, pause: () => slices.pause() })
  } catch (error) {
    throw notJson(error)
  }
}

function expectUtf8(body: Buffer): void {
  if (!isUtf8(body)) throw new Problem('bad_json', { detail: 'the body is not valid UTF-8' })
}

function notJson(error: unknown): Problem {
  return new Problem('bad_json', { detail: whereItBroke(error), cause: error })
}

/** The parser's own message quotes the body, which may hold a secret; where it broke is enough. */
function whereItBroke(error: unknown): string {
  const message = error instanceof Error ? error.message : ''
  if (message.startsWith('Unexpected end')) return 'the body is not valid JSON: it ends too early'
  const position = /at position \d+/.exec(message)
  return position === null ? 'the body is not valid JSON' : `the body is not valid JSON ${position[0]}`
}
