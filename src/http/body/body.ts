import { isUtf8 } from 'node:buffer'
import type { Readable } from 'node:stream'
import type { FastifyRequest } from 'fastify'
import { TimeSlices } from '../../app/caches/time-slices.ts'
import { Problem } from '../../core/problem.ts'
import { JsonCount, jsonExcess } from '../../core/schema/json-count.ts'
import { bodyDigest, digestBody } from '../pipeline/idempotency.ts'
import { parseInPieces } from './json-pieces.ts'

/** 1 MiB. */
export const MAX_BODY_BYTES = 1024 * 1024
/** 16 MiB, for many messages at once. */
export const MAX_BATCH_BODY_BYTES = 16 * 1024 * 1024

/** Longer bodies are worked on in pieces. */
const PIECE_BYTES = 256 * 1024

/**
 * Parses a body of JSON; an empty one is `undefined`, because not every route needs one. Bytes that are not UTF-8 are
 * refused: decoding them would silently store something else than was sent. A long one is parsed in pieces, between which
 * the thread is free for other requests.
 */
export function parseBody(
  request: FastifyRequest,
  body: Buffer,
  done: (error: Error | null, body?: unknown) => void,
): void {
  if (body.length > PIECE_BYTES) {
    parseLong(request, body).then((long) => done(null, long), done)
    return
  }
  let parsed: unknown
  try {
    digestBody(request, body)
    parsed = body.length === 0 ? undefined : parse(body)
  } catch (error) {
    done(error as Problem)
    return
  }
  // Outside of the try: whatever runs from here on is not about parsing any more.
  done(null, parsed)
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

function parse(body: Buffer): unknown {
  const excess = jsonExcess(body)
  if (excess !== null) throw tooMuch(excess)
  expectUtf8(body)
  try {
    return JSON.parse(body.toString('utf8'))
  } catch (error) {
    throw notJson(error)
  }
}

async function parseLong(request: FastifyRequest, body: Buffer): Promise<unknown> {
  const slices = new TimeSlices(PIECE_BYTES)
  const digest = bodyDigest(request)
  const count = new JsonCount()
  for (let at = 0; at < body.length; at += PIECE_BYTES) {
    const end = Math.min(body.length, at + PIECE_BYTES)
    digest?.update(body.subarray(at, end))
    const excess = count.read(body, at, end)
    if (excess !== null) throw tooMuch(excess)
    await slices.pause()
  }
  digest?.end()
  expectUtf8(body)
  try {
    return await parseInPieces(body, count, { bytes: PIECE_BYTES, pause: () => slices.pause() })
  } catch (error) {
    throw notJson(error)
  }
}

/** Millions of values take seconds to parse, and a hundred times the memory of their text, before anything can look at them. */
function tooMuch(excess: string): Problem {
  return new Problem('body_too_large', { detail: `the body holds ${excess}` })
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
