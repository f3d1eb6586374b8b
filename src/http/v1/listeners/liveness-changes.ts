import { type Static, Type } from 'typebox'
import type { AppDeps } from '../../../app/deps.ts'
import { listLivenessChanges } from '../../../app/liveness.ts'
import { LIVENESS_STATES, type LivenessChange } from '../../../core/delivery/liveness.ts'
import { type Api, requires } from '../../contract.ts'
import { decodeCursor, encodeCursor, expectOneStart } from '../../present/cursor.ts'
import { paths } from '../../present/links.ts'
import { feedLinks, pageOf } from '../../present/listing.ts'
import { answers, CursorQuery, DEFAULT_PAGE_SIZE, Id, Links, Time } from '../../present/schemas.ts'

const CURSOR = /^(\d{1,15})$/

const State = Type.Enum([...LIVENESS_STATES], { title: 'LivenessState' })
const ChangeSchema = Type.Object(
  {
    at: Time,
    from: State,
    state: State,
    message: Type.Optional(Type.String({ description: 'what had gone wrong', examples: ['answered 503'] })),
  },
  { title: 'LivenessChange' },
)

const schema = {
  operationId: 'listLivenessChanges',
  summary: 'Get what a listener became, and when, the latest first',
  description:
    'The latest thousand changes of `liveness.state`, as long as messages are kept. A change shows within a second.',
  params: Type.Object({ queueId: Id, listenerId: Id }),
  querystring: CursorQuery,
  response: answers(Type.Object({ changes: Type.Array(ChangeSchema), _links: Links }, { title: 'LivenessChangeList' })),
}

export function livenessChangeRoutes(api: Api, deps: AppDeps): void {
  const config = requires('listeners', 'read', 'listenerId', 'queueId')
  api.get('/queues/:queueId/listeners/:listenerId/liveness', { schema, config }, async (request) => {
    const { query, params } = request
    const { queueId, listenerId: id } = params
    expectOneStart(query)
    const { number, size } = pageOf(query) ?? { number: 1, size: DEFAULT_PAGE_SIZE }
    const before = query.cursor === undefined ? null : Number(decodeCursor(query.cursor, CURSOR)[0])
    const address = { organizationId: request.principal.organizationId, queueId, id }
    const listing = await listLivenessChanges(deps, { ...address, before, offset: (number - 1) * size, limit: size })
    return {
      changes: listing.entries.map(fullChange),
      _links: feedLinks(request, paths.livenessChanges(queueId, id), query, listing, ({ at }) => encodeCursor(at)),
    }
  })
}

function fullChange({ at, from, state, message }: LivenessChange): Static<typeof ChangeSchema> {
  return { at, from, state, ...(message !== null && { message }) }
}
