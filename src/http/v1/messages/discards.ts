import type { FastifyRequest } from 'fastify'
import { type Static, Type } from 'typebox'
import type { AppDeps } from '../../../app/deps.ts'
import { beginDiscard, countDiscard, readDiscard } from '../../../app/jobs/discards.ts'
import { readRoute } from '../../../app/queues.ts'
import { DISCARDABLE } from '../../../core/message/discard.ts'
import { MAX_TIME } from '../../../core/schedule/schedule.ts'
import { MAX_TEXT_CHARS } from '../../../core/search/data-search.ts'
import type { Discard } from '../../../store/jobs/discards.ts'
import { type Api, requires } from '../../contract.ts'
import { EXAMPLE_ID } from '../../openapi/examples.ts'
import { answerOnce } from '../../pipeline/idempotency.ts'
import { tagged } from '../../present/etag.ts'
import { paths, selfLink } from '../../present/links.ts'
import { Id, Query, SelfLink, single, strict, Time } from '../../present/schemas.ts'

/** No more than any store can hold and give back as a number. */
const GIVEN_TIME = { ...Time, minimum: 0, maximum: MAX_TIME }

const Which = strict({
  status: Type.Optional(
    Type.Enum([...DISCARDABLE], {
      description: 'only deliveries that stand like this when their turn comes; all that are not delivered unless told',
      examples: ['missed'],
    }),
  ),
  listener_id: Type.Optional(
    Type.String({ description: 'only deliveries to this listener; to all where left out', examples: [EXAMPLE_ID] }),
  ),
  since: Type.Optional({ ...GIVEN_TIME, description: 'accepted then or later; however old where left out' }),
  until: Type.Optional({ ...GIVEN_TIME, description: 'accepted before then; up to now where left out' }),
  contains: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: MAX_TEXT_CHARS,
      description: `must be a text of 1 to ${MAX_TEXT_CHARS} characters: only messages whose data contains exactly this`,
      examples: ['"customer":"17"'],
    }),
  ),
  dry_run: Type.Optional(
    Type.Boolean({ description: 'whether deliveries are only counted; nothing is changed, and the answer has no id' }),
  ),
})

const Form = Type.Object(
  {
    id: Type.Optional(Id),
    matched: Type.Integer({ description: 'deliveries that were ended so far, or that would be', examples: [120] }),
    done: Type.Boolean({
      description:
        'whether all were looked at, and nothing of them is on its way any more; of a dry run, whether all were counted',
      examples: [true],
    }),
    status: Type.Optional(Type.String({ description: DISCARDABLE.join(', '), examples: ['missed'] })),
    listener_id: Type.Optional(Id),
    since: Type.Optional(Time),
    until: Type.Optional(Time),
    contains: Type.Optional(Type.String({ examples: ['"customer":"17"'] })),
    created_at: Type.Optional(Time),
  },
  { title: 'Discard' },
)

const schemas = {
  many: {
    operationId: 'discardMessages',
    summary: 'Discard deliveries of many messages, in the background: they are never sent',
    description: [
      'Ends deliveries that are pending, scheduled or missed, the newest message first. What is delivered stays delivered. A',
      'request that is under way is let finish, and what a client has pulled stays with it: what is still pending after that',
      'is ended, and the discard is `done` only then. In an order the next message has its turn, also where the listener',
      'blocks. A delivery that was discarded can be redelivered.',
    ].join('\n'),
    params: Type.Object({ queueId: Id }),
    querystring: Query,
    body: Which,
    response: single('discard', Form, SelfLink),
  },
  read: {
    operationId: 'getDiscard',
    summary: 'See how far a discard is',
    params: Type.Object({ queueId: Id, discardId: Id }),
    querystring: Query,
    response: single('discard', Form, SelfLink),
  },
}

/** The revision of every discard: clients cannot change what it is, only see how far it has come. */
const NEVER_CHANGED = 1

export function discardRoutes(api: Api, deps: AppDeps): void {
  api.route({
    method: 'POST',
    url: '/queues/:queueId/messages/discard',
    schema: schemas.many,
    config: { ...requires('messages', 'write', 'queueId'), answersWith: 'discard' },
    preValidation: async (request) => {
      const { organizationId } = request.principal
      await readRoute(deps, { organizationId, id: request.params.queueId })
    },
    handler: async (request, reply) => {
      const { queueId } = request.params
      const { listener_id: listenerId = null, dry_run: isDry = false, ...which } = request.body
      const { since = null, until = null, status = null, contains = null } = which
      const { organizationId } = request.principal
      const ask = { organizationId, queueId, listenerId, since, until, status, contains }
      if (isDry) {
        const read = () => countDiscard(deps, ask)
        const counted = await api.answerRoom.read(request, reply, read, contains === null ? 'search' : 'content')
        return { discard: presented({ ...ask, ...counted }), _links: selfLink(request, paths.discards(queueId)) }
      }
      const present = (begun: Discard) => presentedAt(request, begun)
      return answerOnce(request, reply, (answerFor) => beginDiscard(deps, ask, answerFor), present)
    },
  })

  api.get(
    '/queues/:queueId/discards/:discardId',
    { schema: schemas.read, config: requires('messages', 'read', 'queueId') },
    async (request, reply) => {
      const { queueId, discardId: id } = request.params
      const discard = await readDiscard(deps, { organizationId: request.principal.organizationId, queueId, id })
      return tagged(request, reply, NEVER_CHANGED, presentedAt(request, discard))
    },
  )
}

type Shown = Omit<Discard, 'id' | 'createdAt'> & Partial<Pick<Discard, 'id' | 'createdAt'>>

function presented({ id, matched, done, status, listenerId, since, until, contains, createdAt }: Shown) {
  return {
    ...(id !== undefined && { id }),
    ...{ matched, done },
    ...(status !== null && { status }),
    ...(listenerId !== null && { listener_id: listenerId }),
    ...(since !== null && { since }),
    ...(until !== null && { until }),
    ...(contains !== null && { contains }),
    ...(createdAt !== undefined && { created_at: createdAt }),
  } satisfies Static<typeof Form>
}

function presentedAt(request: FastifyRequest, discard: Discard) {
  return { discard: presented(discard), _links: selfLink(request, paths.discard(discard.queueId, discard.id)) }
}
