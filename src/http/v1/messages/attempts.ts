import { type Static, Type } from 'typebox'
import type { AppDeps } from '../../../app/deps.ts'
import { listAttempts, type MessageAttempt, newerFirst } from '../../../app/messages.ts'
import type { Listing } from '../../../app/page.ts'
import { type Api, requires } from '../../contract.ts'
import { EXAMPLE_ID } from '../../openapi/examples.ts'
import { decodeCursor, encodeCursor, expectOneStart } from '../../present/cursor.ts'
import { paths } from '../../present/links.ts'
import { feedLinks, type ListingAsk, pageOf } from '../../present/listing.ts'
import { answers, CursorQuery, DEFAULT_PAGE_SIZE, Id, Links, Time } from '../../present/schemas.ts'

const EXAMPLES = [
  { listener_id: EXAMPLE_ID, number: 1, started_at: 1_767_225_600_000, duration: 12, status: 200, response: 'thanks' },
]
const Attempt = Type.Object(
  {
    listener_id: Id,
    number: Type.Integer({ description: 'counts from 1 for each listener' }),
    started_at: Time,
    duration: Type.Integer({ description: 'milliseconds' }),
    status: Type.Optional(Type.Integer({ description: 'of the answer, where there was one' })),
    error: Type.Optional(Type.String({ description: 'why there was no answer that could be judged' })),
    response: Type.String({ description: 'the first KiB of it; without an answer, what went wrong in words' }),
  },
  { title: 'Attempt', examples: EXAMPLES },
)

const schema = {
  operationId: 'listAttempts',
  summary: 'Get the attempts to deliver a message, newest first',
  params: Type.Object({ queueId: Id, messageId: Id }),
  querystring: CursorQuery,
  response: answers(Type.Object({ attempts: Type.Array(Attempt), _links: Links }, { title: 'AttemptList' })),
}

const CURSOR = /^(\d{1,15}) ([0-9A-Za-z]+) (\d{1,9})$/

export function attemptRoutes(api: Api, deps: AppDeps): void {
  const config = requires('messages', 'read', 'messageId', 'queueId')
  api.get('/queues/:queueId/messages/:messageId/attempts', { schema, config }, async (request, reply) => {
    const { queueId, messageId: id } = request.params
    const ask = { organizationId: request.principal.organizationId, queueId, id }
    const cut = cutOf(request.query)
    const listing = cut(await api.answerRoom.read(request, reply, () => listAttempts(deps, ask), true))
    return {
      attempts: listing.entries.map(fullAttempt),
      _links: feedLinks(request, paths.attempts(queueId, id), request.query, listing, cursorOf),
    }
  })
}

/** Cuts the page that was asked for out of all attempts, which are few: at most 100 for each listener. */
function cutOf(query: ListingAsk): (all: MessageAttempt[]) => Listing<MessageAttempt> {
  expectOneStart(query)
  const { number, size } = pageOf(query) ?? { number: 1, size: DEFAULT_PAGE_SIZE }
  const after = query.cursor === undefined ? null : placeOf(query.cursor)
  return (all) => {
    const below = after === null ? all : all.filter((attempt) => newerFirst(after, attempt) < 0)
    const start = (number - 1) * size
    return { entries: below.slice(start, start + size), more: below.length > start + size }
  }
}

function cursorOf({ listenerId, attempt }: MessageAttempt): string {
  return encodeCursor(attempt.startedAt, listenerId, attempt.number)
}

function placeOf(cursor: string): { listenerId: string; attempt: { startedAt: number; number: number } } {
  const [startedAt, listenerId, number] = decodeCursor(cursor, CURSOR) as [string, string, string]
  return { listenerId, attempt: { startedAt: Number(startedAt), number: Number(number) } }
}

function fullAttempt({ listenerId, attempt }: MessageAttempt): Static<typeof Attempt> {
  return {
    listener_id: listenerId,
    number: attempt.number,
    started_at: attempt.startedAt,
    duration: attempt.durationMs,
    ...(attempt.status !== null && { status: attempt.status }),
    ...(attempt.error !== null && { error: attempt.error }),
    response: attempt.response,
  }
}
