import { Type } from 'typebox'
import { type AcceptedMessage, acceptMessages, loadRoute } from '../../../app/accept-message.ts'
import type { AppDeps } from '../../../app/deps.ts'
import { Problem } from '../../../core/problem.ts'
import { MAX_BATCH_BODY_BYTES } from '../../body/body.ts'
import { type Api, requires } from '../../contract.ts'
import { answerOnce } from '../../pipeline/idempotency.ts'
import { paths, selfLink } from '../../present/links.ts'
import { refOf } from '../../present/listing.ts'
import { answers, Id, Query, refTo, SelfLink } from '../../present/schemas.ts'
import { createdOf, EXAMPLE_MESSAGE, NewMessages, weighMessages } from './message-form.ts'

/** Who asks to try a batch must not have stored it. */
const BatchQuery = Type.Object({
  ...Query.properties,
  dry_run: Type.Optional(Type.Boolean({ description: 'true is refused: a message is tried by itself' })),
})

const schema = {
  operationId: 'createMessages',
  summary: 'Put up to 1,000 messages on a queue, all or none; they are on disk when this answers',
  params: Type.Object({ queueId: Id }),
  querystring: BatchQuery,
  body: NewMessages,
  example: { request: { messages: [EXAMPLE_MESSAGE] } },
  response: answers(Type.Object({ messages: Type.Array(refTo('Message')), _links: SelfLink })),
}

const NO_DRY_RUN = { path: 'dry_run', message: 'is not for a batch: try its messages one by one' }

/** Of a message's id, its name and what is around them, in an answer; names are as long in the request. */
const REF_CHARS = 100

export function messageBatchRoutes(api: Api, deps: AppDeps): void {
  api.route({
    method: 'POST',
    url: '/queues/:queueId/messages/batch',
    schema,
    bodyLimit: MAX_BATCH_BODY_BYTES,
    config: { ...requires('messages', 'write', 'queueId'), weigh: weighMessages, answersWith: 'messages' },
    preValidation: async (request) => {
      const { organizationId } = request.principal
      await loadRoute(deps, { organizationId, queueId: request.params.queueId })
    },
    handler: async (request, reply) => {
      const { queueId } = request.params
      if (request.query.dry_run === true) throw new Problem('bad_query', { errors: [NO_DRY_RUN] })
      // Before anything is stored: the answer is not much smaller than a batch of nearly empty messages.
      api.answerRoom.expectRoom(request, reply, request.body.messages.length * REF_CHARS)
      const messages = request.body.messages.map(createdOf)
      const ask = { organizationId: request.principal.organizationId, queueId, messages }
      const present = (accepted: AcceptedMessage[]) => ({
        messages: accepted.map(refOf),
        _links: selfLink(request, paths.messages(queueId)),
      })
      return answerOnce(request, reply, (answerFor) => acceptMessages(deps, ask, answerFor), present)
    },
  })
}
