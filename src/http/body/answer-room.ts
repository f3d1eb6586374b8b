import type { Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { AnswerHold } from '../../app/deps.ts'
import { Problem } from '../../core/problem.ts'
import { FairPlaces } from '../../core/sharing/fair-places.ts'
import { full } from '../../core/sharing/full.ts'
import { SerialTurns } from '../../core/sharing/serial-turns.ts'
import { SMALL_BODY_BYTES } from './body-room.ts'

/** What all large answers may take while clients read them: four of the largest, of which an organization alone has two. */
const ALL_BYTES = 96 * 1024 * 1024
/** Answers that may be large and are read from the store at the same time; an organization alone has half of them. */
const READ_AT_ONCE = 6
/** Requests that wait until it is their turn to read; an organization alone has half of them. */
const MAX_WAITING = 64
/** There must be room for this much before anything is read whose size is not known. */
const LEAST_BYTES = 1024 * 1024
/** A client that reads nothing of a large answer for so long is let go. */
const READS_WITHIN_MS = 60_000
const WAITING = { code: 'too_many_readings', what: 'places for listings that wait' } as const
const ANSWERS = { code: 'too_many_answers', what: 'bytes for large answers' } as const

type Done = (error: Error | null, payload?: unknown) => void

declare module 'fastify' {
  interface FastifyRequest {
    /** About how long an answer is that is written piece by piece; 0 for any other. */
    answerBytes: number
    /** What the answer holds of the room for all answers; null where nothing was asked of it. */
    answerHold: AnswerHold | null
  }
  interface FastifyInstance {
    answerRoom: AnswerRoom
  }
}

/**
 * Keeps large answers, which are in memory until their clients have read them, within what memory can hold.
 * Organizations share the room. Where there is none, what only reads is refused, before it reads where that may be much;
 * what has had an effect must be told, and makes room for itself before (`holdFor`).
 */
export class AnswerRoom {
  readonly #bytes = new FairPlaces(ALL_BYTES)
  readonly #reads = {
    listing: new FairPlaces(READ_AT_ONCE),
    search: new FairPlaces(READ_AT_ONCE),
    // An organization that has one of them would need more than all for another.
    content: new FairPlaces(READ_AT_ONCE, { times: READ_AT_ONCE }),
  }
  readonly #waiting = new FairPlaces(MAX_WAITING)
  /** In which answers that are written in pieces go on. */
  readonly turns = new SerialTurns((run) => void setImmediate(run))

  /** What the answer to this request holds, until the client has read it or is gone. */
  holdFor(request: FastifyRequest, { raw: response }: FastifyReply): AnswerHold {
    request.answerHold ??= this.#hold(request.principal.organizationId, response)
    return request.answerHold
  }

  /**
   * Makes room for an answer that will be about so long, before what it tells is done. Throws `too_many_answers` or
   * `overloaded`.
   */
  expectRoom(request: FastifyRequest, reply: FastifyReply, bytes: number): void {
    if (bytes <= SMALL_BODY_BYTES) return
    const hold = this.holdFor(request, reply)
    if (!hold.take(bytes)) throw hold.refusal()
  }

  /**
   * Reads what may make a large answer, a few of them at a time, so that no more than those are in memory without being
   * counted. Names alone (`names`) are small and wait for nothing; searches, which take longer, wait for each other only, and
   * those that look through data (`content`), of which an organization has one at a time, for each other.
   * Throws `too_many_answers` or `overloaded` where the organization's clients leave too much unread, `too_many_readings`
   * or `overloaded` where too many wait already.
   */
  async read<Found>(
    request: FastifyRequest,
    reply: FastifyReply,
    work: () => Promise<Found>,
    kind: 'names' | 'listing' | 'search' | 'content' = isEmbedding(request) ? 'listing' : 'names',
  ): Promise<Found> {
    if (kind === 'names') return work()
    const { organizationId } = request.principal
    const reads = this.#reads[kind]
    await this.#turnOf(organizationId, reads)
    try {
      if (reply.raw.destroyed) throw new Problem('stopping', { detail: 'the client has gone' })
      if (kind === 'listing' || isEmbedding(request)) this.expectRoom(request, reply, LEAST_BYTES)
      return await work()
    } finally {
      // What was read is presented and counted in this turn of the event loop.
      setImmediate(() => reads.give(organizationId))
    }
  }

  async #turnOf(organizationId: string, reads: FairPlaces): Promise<void> {
    if (!this.#waiting.take(organizationId)) throw full(this.#waiting, organizationId, WAITING)
    await new Promise<void>((resolve) => {
      const begin = () => {
        if (reads.takeOrWait(organizationId, 0, begin)) resolve()
      }
      begin()
    })
    this.#waiting.give(organizationId)
  }

  /** The hook that counts an answer before it is sent. */
  readonly onSend = (request: FastifyRequest, reply: FastifyReply, payload: unknown, done: Done): void => {
    const length = typeof payload === 'string' ? payload.length : request.answerBytes
    const bytes = length <= SMALL_BODY_BYTES ? 0 : length
    if (bytes === 0) request.answerHold?.keep(0)
    if (bytes === 0 || request.principal === undefined || reply.raw.destroyed) {
      done(null, payload)
      return
    }
    const hold = this.holdFor(request, reply)
    if (isEffect(request, reply)) hold.keep(bytes)
    else if (!hold.take(bytes)) {
      request.answerBytes = 0
      if (typeof payload !== 'string') (payload as Readable).destroy()
      hold.keep(0)
      done(hold.refusal())
      return
    }
    reply.raw.setTimeout(READS_WITHIN_MS, () => reply.raw.destroy())
    done(null, payload)
  }

  #hold(organizationId: string, response: FastifyReply['raw']): AnswerHold {
    const places = this.#bytes
    let held = 0
    let isOver = response.destroyed
    const keep = (bytes: number) => {
      if (isOver) return
      places.give(organizationId, held)
      places.hold(organizationId, bytes)
      held = bytes
    }
    response.once('close', () => {
      keep(0)
      isOver = true
    })
    return {
      take(bytes) {
        if (isOver) return true
        places.give(organizationId, held)
        const isTaken = places.take(organizationId, bytes)
        if (isTaken) held = bytes
        else places.hold(organizationId, held)
        return isTaken
      },
      keep,
      refusal: (): Problem => full(places, organizationId, ANSWERS),
    }
  }
}

function isEmbedding({ query }: FastifyRequest): boolean {
  return (query as { _embed?: boolean })._embed === true
}

/** Whether the request has done something, which its answer must tell; a repetition of an answer has not. */
function isEffect({ method }: FastifyRequest, reply: FastifyReply): boolean {
  return method !== 'GET' && reply.getHeader('idempotency-replayed') === undefined
}
