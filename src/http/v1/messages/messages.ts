import type { FastifyReply, FastifyRequest } from 'fastify'
import { type Static, Type } from 'typebox'
import { type AcceptedMessage, acceptMessage, loadRoute } from '../../../app/accept-message.ts'
import type { AppDeps } from '../../../app/deps.ts'
import {
  deleteMessage,
  findMessage,
  listMessages,
  type MessageAddress,
  readJourney,
  readMessage,
  type ToldJourney,
  updateMessage,
} from '../../../app/messages.ts'
import { searchMessages } from '../../../app/search/messages.ts'
import type { Principal } from '../../../core/tenant/api-key.ts'
import type { Revised } from '../../../store/listing/slice.ts'
import { inPieces } from '../../body/long-listing.ts'
import { type Api, CREATE_METHODS, requires } from '../../contract.ts'
import { answerOnce } from '../../pipeline/idempotency.ts'
import { decodeCursor, expectOneStart } from '../../present/cursor.ts'
import { tagged } from '../../present/etag.ts'
import { paths, selfLink } from '../../present/links.ts'
import { type ListingAsk, pageOf, presentFeed } from '../../present/listing.ts'
import {
  answers,
  collection,
  DEFAULT_PAGE_SIZE,
  Deleted,
  Id,
  Query,
  refTo,
  SelfLink,
  single,
} from '../../present/schemas.ts'
import { answerDryRun, CreateQuery } from './dry-run.ts'
import {
  CURSOR,
  createdOf,
  EXAMPLE_MESSAGE,
  fullJourney,
  listedAt,
  Message,
  MessageChange,
  NewMessage,
  presentAccepted,
  weighMessage,
} from './message-form.ts'

import { presentSearch, SEARCH_RULES, SearchQuery, searchOf } from './message-search.ts'

const InQueue = Type.Object({ queueId: Id })
const OneMessage = Type.Object({ queueId: Id, messageId: Id })

const schemas = {
  listAll: {
    operationId: 'listAllMessages',
    summary: 'Get the messages of all queues, newest first',
    description: SEARCH_RULES,
    querystring: SearchQuery,
    response: collection('messages', Message),
  },
  list: {
    operationId: 'listMessages',
    summary: 'Get the messages of a queue, newest first',
    params: InQueue,
    description: SEARCH_RULES,
    querystring: SearchQuery,
    response: collection('messages', Message),
  },
  create: {
    operationId: 'createMessage',
    summary: 'Put a message on a queue; it is on disk when this answers',
    params: InQueue,
    querystring: CreateQuery,
    body: NewMessage,
    example: { request: EXAMPLE_MESSAGE },
    response: answers(Type.Object({ message: refTo('Message'), _links: SelfLink })),
  },
  find: {
    operationId: 'findMessage',
    summary: 'Get one message, whichever queue it is in',
    params: Type.Object({ messageId: Id }),
    querystring: Query,
    response: single('message', Message, SelfLink),
  },
  read: {
    operationId: 'getMessage',
    summary: 'Get one message',
    params: OneMessage,
    querystring: Query,
    response: single('message', Message, SelfLink),
  },
  update: {
    operationId: 'updateMessage',
    summary: 'Rename a message, or move one that has not started to another time',
    params: OneMessage,
    querystring: Query,
    body: MessageChange,
    response: single('message', Message, SelfLink),
  },
  delete: {
    operationId: 'deleteMessage',
    summary: 'Delete a message and cancel what is pending of it',
    params: OneMessage,
    querystring: Query,
    response: Deleted,
  },
}

export const IN_QUEUE = '/queues/:queueId/messages'
const ONE = '/queues/:queueId/messages/:messageId'
/** What a key needs to create a message. */
export const CREATE_MESSAGE = requires('messages', 'write', 'queueId')

export function messageRoutes(api: Api, deps: AppDeps): void {
  /** The messages of a queue, or of all; those that are searched for, where the query says what. */
  async function listed(request: FastifyRequest, reply: FastifyReply, queueId: string | null) {
    const { principal } = request
    const query = request.query as Static<typeof SearchQuery>
    const as = listedAt(queueId === null ? paths.allMessages : paths.messages(queueId), deps.runtime.now())
    const search = searchOf(query)
    if (search !== null) {
      const { kind, ...what } = search
      const read = () => searchMessages(deps, { principal, queueId, ...what })
      return inPieces(reply, presentSearch(request, query, await api.answerRoom.read(request, reply, read, kind), as))
    }
    const ask = { principal, queueId, ...rangeOf(query) }
    const listing = await api.answerRoom.read(request, reply, () => listMessages(deps, ask))
    return inPieces(reply, presentFeed(request, query, listing, as))
  }

  api.get('/messages', { schema: schemas.listAll, config: requires('messages', 'read') }, (request, reply) =>
    listed(request, reply, null),
  )

  // Which queue's key may read it is known once it is found.
  api.get(
    '/messages/:messageId',
    { schema: schemas.find, config: requires('messages', 'read') },
    async (request, reply) => {
      const found = await findMessage(deps, { principal: request.principal, id: request.params.messageId })
      return presentMessage(request, reply, found, deps.runtime.now())
    },
  )

  api.get(IN_QUEUE, { schema: schemas.list, config: requires('messages', 'read') }, (request, reply) =>
    listed(request, reply, request.params.queueId),
  )

  api.route({
    method: CREATE_METHODS,
    url: IN_QUEUE,
    schema: schemas.create,
    config: { ...CREATE_MESSAGE, weigh: weighMessage, answersWith: 'message' },
    // By callback: on the common path the queue is in memory, and a promise would be the only one of the request.
    preValidation: (request, _reply, done) => {
      const address = { organizationId: request.principal.organizationId, queueId: request.params.queueId }
      if (deps.directory.peek(address.organizationId, address.queueId) !== undefined) done()
      else loadRoute(deps, address).then(() => done(), done)
    },
    handler: (request, reply) => {
      const { queueId } = request.params
      const ask = { organizationId: request.principal.organizationId, queueId, ...createdOf(request.body) }
      if (request.query.dry_run === true) return answerDryRun({ api, deps }, request, reply, ask)
      const present = (message: AcceptedMessage) => presentAccepted(request, message)
      return answerOnce(request, reply, (answerFor) => acceptMessage(deps, ask, answerFor), present)
    },
  })

  api.get(
    ONE,
    { schema: schemas.read, config: requires('messages', 'read', 'messageId', 'queueId') },
    async (request, reply) =>
      presentMessage(request, reply, await readJourney(deps, addressOf(request)), deps.runtime.now()),
  )

  api.route({
    method: ['PUT', 'PATCH'],
    url: ONE,
    schema: schemas.update,
    config: requires('messages', 'write', 'messageId', 'queueId'),
    preValidation: async (request) => void (await readMessage(deps, addressOf(request))),
    handler: async (request, reply) => {
      const ask = {
        ...addressOf(request),
        changes: { name: request.body.name, deliverAt: request.body.deliver_at },
        ifMatch: request.ifMatch,
      }
      return presentMessage(request, reply, await updateMessage(deps, ask), deps.runtime.now())
    },
  })

  api.delete(
    ONE,
    {
      schema: schemas.delete,
      config: requires('messages', 'write', 'messageId', 'queueId'),
      preValidation: async (request) => {
        if (request.principal.frozen) await readMessage(deps, addressOf(request))
      },
    },
    async (request) => {
      await deleteMessage(deps, { ...addressOf(request), ifMatch: request.ifMatch })
      return { _links: linkOf(request) }
    },
  )
}

/** Where the listing starts and how long it is, for the use case. */
function rangeOf(query: ListingAsk) {
  expectOneStart(query)
  const page = pageOf(query) ?? { number: 1, size: DEFAULT_PAGE_SIZE }
  const before = query.cursor === undefined ? null : decodeCursor(query.cursor, CURSOR)[0]!
  return { before, offset: (page.number - 1) * page.size, limit: page.size, full: query._embed === true }
}

function addressOf(request: { principal: Principal; params: Static<typeof OneMessage> }): MessageAddress {
  const { queueId, messageId: id } = request.params
  return { organizationId: request.principal.organizationId, queueId, id }
}

function presentMessage(request: FastifyRequest, reply: FastifyReply, details: Revised<ToldJourney>, now: number) {
  const message = fullJourney(details, now)
  const { queueId, id } = details.message
  const body = { message, _links: selfLink(request, paths.message(queueId, id)) }
  // Data never changes, and there may be a lot of it.
  return tagged(request, reply, details.revision, body, { ...message, data: null, data_base64: null })
}

function linkOf(request: { base: string; params: Static<typeof OneMessage> }) {
  return selfLink(request, paths.message(request.params.queueId, request.params.messageId))
}
