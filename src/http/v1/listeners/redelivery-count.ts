import { Type } from 'typebox'
import type { AppDeps } from '../../../app/deps.ts'
import { countRedelivery } from '../../../app/jobs/redeliveries.ts'
import { MAX_TIME } from '../../../core/schedule/schedule.ts'
import { type Api, requires } from '../../contract.ts'
import { decodeCursor, encodeCursor } from '../../present/cursor.ts'
import { type Links as LinkMap, paths } from '../../present/links.ts'
import { answers, Id, Links, Query, Time } from '../../present/schemas.ts'
import { REDELIVERED, statusAsked } from './redeliveries.ts'

/** Goes on within the missed ones, which are kept in the order of acceptance, or within the queue, by id. */
const PLACE = { missed: /^(\d{1,15})$/, other: /^([0-9A-Za-z]{21})$/ }

const GIVEN_TIME = { ...Time, minimum: 0, maximum: MAX_TIME }

const schema = {
  operationId: 'countRedelivery',
  summary: 'Count what a redelivery to a listener would begin anew, without beginning it',
  description: [
    'Takes what `POST` of the same path does. An answer counts some ten thousand messages; where there are more, it has',
    'a `_links.next`, and the sum of all answers is the count.',
  ].join('\n'),
  params: Type.Object({ queueId: Id, listenerId: Id }),
  querystring: Type.Object({
    ...Query.properties,
    since: Type.Optional({ ...GIVEN_TIME, description: 'accepted then or later; however old where left out' }),
    until: Type.Optional({ ...GIVEN_TIME, description: 'accepted before then; up to now where left out' }),
    status: Type.Optional(
      Type.Enum([...REDELIVERED], { description: 'only deliveries that stand like this now; missed unless told' }),
    ),
    cursor: Type.Optional(Type.String({ description: 'from _links.next of the answer before' })),
  }),
  response: answers(
    Type.Object({
      count: Type.Object(
        { matched: Type.Integer({ description: 'deliveries, of those that this answer looked at', examples: [120] }) },
        { title: 'RedeliveryCount' },
      ),
      _links: Links,
    }),
  ),
}

export function redeliveryCountRoutes(api: Api, deps: AppDeps): void {
  const config = requires('listeners', 'read', 'listenerId', 'queueId')
  api.get('/queues/:queueId/listeners/:listenerId/redeliver', { schema, config }, async (request) => {
    const { queueId, listenerId: id } = request.params
    const { since = null, until = null, status: asked, cursor } = request.query
    const status = statusAsked(asked)
    const shape = status === 'missed' ? PLACE.missed : PLACE.other
    const after = cursor === undefined ? '' : decodeCursor(cursor, shape)[0]!
    const { organizationId } = request.principal
    const counted = await countRedelivery(deps, { organizationId, queueId, id, since, until, status, after })
    const to = (place: string | undefined) => {
      const given = Object.entries({ since, until, status: asked, cursor: place }).filter(([, value]) => value != null)
      const search = new URLSearchParams(given.map(([name, value]) => [name, String(value)]))
      return { href: `${request.base}${paths.redeliver(queueId, id)}${search.size > 0 ? `?${search}` : ''}` }
    }
    const _links: LinkMap = { self: to(cursor) }
    if (counted.after !== null) _links.next = to(encodeCursor(counted.after))
    return { count: { matched: counted.matched }, _links }
  })
}
