import { type Static, Type } from 'typebox'
import type { AppDeps } from '../../../app/deps.ts'
import { type AttemptPosition, listAttempts, type MessageAttempt } from '../../../app/messages.ts'
import type { Attempt } from '../../../core/delivery/attempt.ts'
import { Problem } from '../../../core/problem.ts'
import { type Api, requires } from '../../contract.ts'
import { EXAMPLE_ID } from '../../openapi/examples.ts'
import { decodeCursor, encodeCursor, expectOneStart } from '../../present/cursor.ts'
import { paths } from '../../present/links.ts'
import { feedLinks, type ListingAsk, pageOf } from '../../present/listing.ts'
import { answers, CursorQuery, DEFAULT_PAGE_SIZE, Id, Links, Time } from '../../present/schemas.ts'

const EXAMPLES = [
  { listener_id: EXAMPLE_ID, number: 1, started_at: 1_767_225_600_000, duration: 12, status: 200, response: 'thanks' },
]
/** What an attempt shows beside whom it was for. */
export const AttemptProperties = {
  number: Type.Integer({ description: 'counts from 1 for each message and listener' }),
  started_at: Time,
  duration: Type.Integer({ description: 'milliseconds' }),
  status: Type.Optional(Type.Integer({ description: 'of the answer, where there was one' })),
  error: Type.Optional(
    Type.String({ description: 'why there was no answer that could be judged', examples: ['timeout'] }),
  ),
  response: Type.String({
    description: 'the first KiB of it; without an answer, what went wrong in words',
    examples: ['try later'],
  }),
}

const AttemptForm = Type.Object({ listener_id: Id, ...AttemptProperties }, { title: 'Attempt', examples: EXAMPLES })

const schema = {
  operationId: 'listAttempts',
  summary: 'Get the attempts to deliver a message, newest first',
  params: Type.Object({ queueId: Id, messageId: Id }),
  querystring: CursorQuery,
  response: answers(Type.Object({ attempts: Type.Array(AttemptForm), _links: Links }, { title: 'AttemptList' })),
}

/** Attempts in front of a page that is asked for by its number. */
const MAX_OFFSET = 10_000
const CURSOR = /^(\d{1,15}) ([0-9A-Za-z]+) (\d{1,9})$/

export function attemptRoutes(api: Api, deps: AppDeps): void {
  const config = requires('messages', 'read', 'messageId', 'queueId')
  api.get('/queues/:queueId/messages/:messageId/attempts', { schema, config }, async (request, reply) => {
    const { queueId, messageId: id } = request.params
    const ask = { organizationId: request.principal.organizationId, queueId, id, ...rangeOf(request.query) }
    const listing = await api.answerRoom.read(request, reply, () => listAttempts(deps, ask), 'listing')
    return {
      attempts: listing.entries.map(fullAttempt),
      _links: feedLinks(request, paths.attempts(queueId, id), request.query, listing, cursorOf),
    }
  })
}

/** Where the listing starts and how long it is, for the use case. Throws `bad_query`. */
function rangeOf(query: ListingAsk) {
  expectOneStart(query)
  const { number, size } = pageOf(query) ?? { number: 1, size: DEFAULT_PAGE_SIZE }
  const offset = (number - 1) * size
  if (offset > MAX_OFFSET) throw tooFar(size)
  return { below: query.cursor === undefined ? null : placeOf(query.cursor), offset, limit: size }
}

/** All that come before the page are held while it is looked for; cursors need none of that. */
function tooFar(size: number): Problem {
  const message = `must be at most ${Math.floor(MAX_OFFSET / size) + 1}; go further by _links.next of a listing without page`
  return new Problem('bad_query', { errors: [{ path: 'page', message }] })
}

function cursorOf({ listenerId, attempt }: MessageAttempt): string {
  return encodeCursor(attempt.startedAt, listenerId, attempt.number)
}

function placeOf(cursor: string): AttemptPosition {
  const [startedAt, listenerId, number] = decodeCursor(cursor, CURSOR) as [string, string, string]
  return { listenerId, attempt: { startedAt: Number(startedAt), number: Number(number) } }
}

/** An attempt, beside whom it was for. */
export function shownAttempt({ number, startedAt, durationMs, status, error, response }: Attempt) {
  return {
    number,
    started_at: startedAt,
    duration: durationMs,
    ...(status !== null && { status }),
    ...(error !== null && { error }),
    response,
  }
}

function fullAttempt({ listenerId, attempt }: MessageAttempt): Static<typeof AttemptForm> {
  return { listener_id: listenerId, ...shownAttempt(attempt) }
}
