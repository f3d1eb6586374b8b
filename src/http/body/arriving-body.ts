import type { Readable } from 'node:stream'
import type { FastifyRequest } from 'fastify'
import { Problem } from '../../core/problem.ts'
import { JsonCount } from '../../core/schema/json-count.ts'
import { bodyDigest } from '../pipeline/idempotency.ts'

/** Longer bodies are worked on in pieces. */
export const PIECE_BYTES = 256 * 1024
/** Memory for a body that does not say how long it is, to begin with; twice as much each time that it is full. */
const FIRST_BYTES = 64 * 1024

/** A body that has come whole. */
export interface Arrived {
  bytes: Buffer
  /** What is in it; null where it is short, and worth no look of its own. */
  count: JsonCount | null
}

type Done = (error: Problem | null, arrived?: Arrived) => void

/**
 * Collects a body while it comes. A long one is counted and digested as it does, so that one with too many values or levels
 * is refused as soon as they are there, and nothing is left to be done at once when the end has come. Its connection is
 * read a piece at a time, between which other requests have their turn. Fails with `body_too_large`, and `bad_request` where the
 * connection ends before it does, or its length is another than it said.
 */
export function collectBody(request: FastifyRequest, payload: Readable, done: Done): void {
  const most = request.routeOptions.bodyLimit
  const announced = announcedBytes(request)
  if (announced !== null && announced > most) {
    done(new Problem('body_too_large'))
    return
  }
  const body = new ArrivingBody(request, announced)
  const end = (error: Problem | null, arrived?: Arrived) => {
    payload.off('data', take).off('end', finish).off('error', fail)
    done(error, arrived)
  }
  // The connection has ended before the body did.
  const fail = (error: Error) => end(new Problem('bad_request', { cause: error }))
  const take = (piece: Buffer) => {
    const problem = body.length + piece.length > most ? new Problem('body_too_large') : body.add(piece)
    if (problem !== null) end(problem)
    else if (body.isPieceDone()) pauseOneTurn(payload)
  }
  const finish = () => {
    if (announced !== null && announced !== body.length) end(new Problem('bad_request'))
    else end(null, body.arrived())
  }
  payload.on('data', take).on('end', finish).on('error', fail)
}

/** Reads nothing more of a stream until everything else that has come had its turn of the event loop. */
export function pauseOneTurn(stream: Readable): void {
  stream.pause()
  setImmediate(() => stream.resume())
}

function announcedBytes({ headers }: FastifyRequest): number | null {
  const length = headers['content-length']
  return length === undefined ? null : Number(length)
}

class ArrivingBody {
  length = 0
  #bytes: Buffer
  readonly #count: JsonCount | null
  readonly #digest: ReturnType<typeof bodyDigest>
  #left = PIECE_BYTES

  constructor(request: FastifyRequest, announced: number | null) {
    this.#bytes = Buffer.allocUnsafe(announced ?? FIRST_BYTES)
    this.#count = announced === null || announced > PIECE_BYTES ? new JsonCount() : null
    this.#digest = bodyDigest(request)
  }

  /** Answers with what is wrong with the body, or null. */
  add(piece: Buffer): Problem | null {
    const from = this.length
    this.#reserve(from + piece.length)
    piece.copy(this.#bytes, from)
    this.length += piece.length
    this.#left -= piece.length
    this.#digest?.update(piece)
    const excess = this.#count?.read(this.#bytes, from, this.length) ?? null
    return excess === null ? null : tooMuch(excess)
  }

  /** Whether a piece has come whole, after which the next one begins. */
  isPieceDone(): boolean {
    if (this.#left > 0) return false
    this.#left = PIECE_BYTES
    return true
  }

  arrived(): Arrived {
    this.#digest?.end()
    return { bytes: this.#bytes.subarray(0, this.length), count: this.length > PIECE_BYTES ? this.#count : null }
  }

  #reserve(bytes: number): void {
    if (bytes <= this.#bytes.length) return
    const larger = Buffer.allocUnsafe(Math.max(bytes, this.#bytes.length * 2))
    this.#bytes.copy(larger, 0, 0, this.length)
    this.#bytes = larger
  }
}

/** Millions of values take seconds to parse, and a hundred times the memory of their text, before anything can look at them. */
export function tooMuch(excess: string): Problem {
  return new Problem('body_too_large', { detail: `the body holds ${excess}` })
}
