import { type Static, Type } from 'typebox'
import type { AppDeps } from '../../../app/deps.ts'
import { type AttemptsPosition, beginningOf, listListenerAttempts } from '../../../app/search/listener-attempts.ts'
import { Problem } from '../../../core/problem.ts'
import { type AttemptFilter, statusRange } from '../../../core/search/attempt-filter.ts'
import type { ListenerAttempt } from '../../../store/listing/listener-deliveries.ts'
import { type Api, requires } from '../../contract.ts'
import { EXAMPLE_ID } from '../../openapi/examples.ts'
import { decodeCursor, encodeCursor } from '../../present/cursor.ts'
import { paths } from '../../present/links.ts'
import { refOf } from '../../present/listing.ts'
import { listedLinks } from '../../present/onward-links.ts'
import { answers, DEFAULT_PAGE_SIZE, Id, Links, OnwardQuery, refTo } from '../../present/schemas.ts'
import { AttemptProperties, shownAttempt } from '../messages/attempts.ts'

const EXAMPLES = [
  {
    message: { id: EXAMPLE_ID, name: 'orders' },
    number: 3,
    started_at: 1_767_225_600_000,
    duration: 12,
    status: 503,
    response: 'try later',
  },
]

const ListenerAttemptForm = Type.Object(
  { message: refTo('Message'), ...AttemptProperties },
  { title: 'ListenerAttempt', examples: EXAMPLES },
)

const AttemptsQuery = Type.Object({
  ...OnwardQuery.properties,
  outcome: Type.Optional(Type.Enum(['ok', 'failed'], { description: 'only those that acknowledge, or that do not' })),
  status: Type.Optional(Type.String({ description: 'only answers of this status, or class of them: 503, 5xx' })),
  error: Type.Optional(Type.String({ description: 'only those that ended with this error: timeout, dns, tls …' })),
  since: Type.Optional(Type.Integer({ description: 'begun at this time or later, in ms since the Unix epoch' })),
  until: Type.Optional(Type.Integer({ description: 'begun at this time or before, in ms since the Unix epoch' })),
})

const schema = {
  operationId: 'listListenerAttempts',
  summary: 'Get the attempts at a listener, newest first',
  description: [
    'Attempts that failed, and those that were not the first of their message, stand at the time at which they began. A first',
    'attempt that was acknowledged stands at the time at which its message was accepted. An answer looks at some ten',
    'thousand attempts at most: with filters it may be short, or empty, and still have a `_links.next` to go on with.',
  ].join('\n'),
  params: Type.Object({ queueId: Id, listenerId: Id }),
  querystring: AttemptsQuery,
  response: answers(
    Type.Object({ attempts: Type.Array(ListenerAttemptForm), _links: Links }, { title: 'ListenerAttemptList' }),
  ),
}

const CURSOR = /^(\d{1,15}) (\d{1,15}) (\d{1,9}) ([0-9A-Za-z]{0,21}|~)$/

export function listenerAttemptRoutes(api: Api, deps: AppDeps): void {
  const config = requires('messages', 'read', 'queueId')
  api.get('/queues/:queueId/listeners/:listenerId/attempts', { schema, config }, async (request, reply) => {
    const { query } = request
    const { queueId, listenerId: id } = request.params
    const filter = filterOf(query)
    const place = query.cursor === undefined ? beginningOf(filter) : positionOf(query.cursor)
    const address = { organizationId: request.principal.organizationId, queueId, id }
    const ask = { ...address, filter, place, limit: query.per_page ?? DEFAULT_PAGE_SIZE }
    const { entries, next } = await api.answerRoom.read(request, reply, () => listListenerAttempts(deps, ask), 'search')
    const cursor = next === null ? null : cursorOf(next)
    return {
      attempts: entries.map(fullAttempt),
      _links: listedLinks(request, paths.listenerAttempts(queueId, id), query, cursor),
    }
  })
}

function filterOf(query: Static<typeof AttemptsQuery>): AttemptFilter {
  const { outcome = null, status: text, error = null, since = null, until = null } = query
  const status = text === undefined ? null : statusRange(text)
  if (text !== undefined && status === null) {
    const message = 'must be a status, such as 503, or a class of them, such as 5xx'
    throw new Problem('bad_query', { errors: [{ path: 'status', message }] })
  }
  return { outcome, status, error, since, until }
}

function cursorOf({ retried: { startedAt, sequence, number }, messageId }: AttemptsPosition): string {
  return encodeCursor(startedAt, sequence, number, messageId)
}

function positionOf(cursor: string): AttemptsPosition {
  const [startedAt, sequence, number, messageId] = decodeCursor(cursor, CURSOR) as [string, string, string, string]
  return {
    retried: { startedAt: Number(startedAt), sequence: Number(sequence), number: Number(number) },
    messageId,
  }
}

function fullAttempt({ message, attempt }: ListenerAttempt): Static<typeof ListenerAttemptForm> {
  return { message: refOf(message), ...shownAttempt(attempt) }
}
