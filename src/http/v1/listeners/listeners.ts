import { type Static, Type } from 'typebox'
import type { AppDeps } from '../../../app/deps.ts'
import {
  type CreatedListener,
  createListener,
  deleteListener,
  type ListenerAddress,
  listListeners,
  readListener,
  updateListener,
} from '../../../app/listeners.ts'
import { expectQueueForPost } from '../../../app/queues.ts'
import type { Principal } from '../../../core/tenant/api-key.ts'
import { inPieces } from '../../body/long-listing.ts'
import { type Api, CREATE_METHODS, requires } from '../../contract.ts'
import { EXAMPLE_SECRET } from '../../openapi/examples.ts'
import { answerOnce } from '../../pipeline/idempotency.ts'
import { tagged } from '../../present/etag.ts'
import { paths, selfLink } from '../../present/links.ts'
import { pageOf, presentListing } from '../../present/listing.ts'
import { answers, collection, Deleted, Id, ListingQuery, Query, SelfLink, single } from '../../present/schemas.ts'
import { changeOf, createdOf, fullListener, listedAt } from './listener-form.ts'
import { Listener, ListenerChange, NewListener, PublicKey } from './listener-schemas.ts'

const InQueue = Type.Object({ queueId: Id })
const OneListener = Type.Object({ queueId: Id, listenerId: Id })
const Shown = Type.Object(
  {
    ...Listener.properties,
    secret: Type.Optional(Type.String({ description: 'where it was changed', examples: [EXAMPLE_SECRET] })),
  },
  { title: 'ListenerWithSecret' },
)
const Created = Type.Object({
  listener: Type.Object(
    {
      id: Id,
      name: Type.String(),
      public_key: Type.Optional(PublicKey),
      secret: Type.Optional(
        Type.String({ description: 'shown only here, not in a repeated answer', examples: [EXAMPLE_SECRET] }),
      ),
    },
    { title: 'CreatedListener' },
  ),
  _links: SelfLink,
})

const schemas = {
  listAll: {
    operationId: 'listAllListeners',
    summary: 'Get the listeners of all queues',
    querystring: ListingQuery,
    response: collection('listeners', Listener),
  },
  list: {
    operationId: 'listListeners',
    summary: 'Get all listeners of a queue',
    params: InQueue,
    querystring: ListingQuery,
    response: collection('listeners', Listener),
  },
  create: {
    operationId: 'createListener',
    summary: 'Add a listener to a queue',
    params: InQueue,
    querystring: Query,
    body: NewListener,
    response: answers(Created),
  },
  read: {
    operationId: 'getListener',
    summary: 'Get one listener',
    params: OneListener,
    querystring: Query,
    response: single('listener', Listener, SelfLink),
  },
  update: {
    operationId: 'updateListener',
    summary: 'Change a listener',
    params: OneListener,
    querystring: Query,
    body: ListenerChange,
    response: single('listener', Shown, SelfLink),
  },
  delete: {
    operationId: 'deleteListener',
    summary: 'Delete a listener with what it had waiting',
    params: OneListener,
    querystring: Query,
    response: Deleted,
  },
}

const IN_QUEUE = '/queues/:queueId/listeners'
const ONE = '/queues/:queueId/listeners/:listenerId'

export function listenerRoutes(api: Api, deps: AppDeps): void {
  api.get('/listeners', { schema: schemas.listAll, config: requires('listeners', 'read') }, async (request, reply) => {
    const ask = { principal: request.principal, queueId: null, page: pageOf(request.query) }
    const listing = await api.answerRoom.read(request, reply, () => listListeners(deps, ask))
    return inPieces(reply, presentListing(request, request.query, listing, listedAt(paths.allListeners)))
  })

  api.get(IN_QUEUE, { schema: schemas.list, config: requires('listeners', 'read') }, async (request, reply) => {
    const { queueId } = request.params
    const ask = { principal: request.principal, queueId, page: pageOf(request.query) }
    const listing = await api.answerRoom.read(request, reply, () => listListeners(deps, ask))
    return inPieces(reply, presentListing(request, request.query, listing, listedAt(paths.listeners(queueId))))
  })

  api.route({
    method: CREATE_METHODS,
    url: IN_QUEUE,
    schema: schemas.create,
    config: { ...requires('listeners', 'write', 'queueId'), answersWith: 'listener' },
    preValidation: (request) => expectQueueForPost(deps, queueOf(request)),
    handler: async (request, reply) => {
      const { organizationId, id: queueId } = queueOf(request)
      const ask = { organizationId, queueId, ...createdOf(request.body) }
      const present = ({ id, name, secret, publicKey }: CreatedListener) => ({
        listener: { id, name, ...(publicKey !== null && { public_key: publicKey }), secret },
        _links: selfLink(request, paths.listener(queueId, id)),
      })
      return answerOnce(request, reply, (answerFor) => createListener(deps, ask, answerFor), present)
    },
  })

  api.get(
    ONE,
    { schema: schemas.read, config: requires('listeners', 'read', 'listenerId', 'queueId') },
    async (request, reply) => {
      const found = await readListener(deps, addressOf(request))
      return tagged(request, reply, found.revision, { listener: fullListener(found), _links: linkOf(request) })
    },
  )

  api.route({
    method: ['PUT', 'PATCH'],
    url: ONE,
    schema: schemas.update,
    config: requires('listeners', 'write', 'listenerId', 'queueId'),
    preValidation: async (request) => void (await readListener(deps, addressOf(request))),
    handler: async (request, reply) => {
      const ask = { ...addressOf(request), change: changeOf(request.body), ifMatch: request.ifMatch }
      const { listener, secret } = await updateListener(deps, ask)
      const read = { listener: fullListener(listener), _links: linkOf(request) }
      const body = { ...read, listener: { ...read.listener, secret } }
      // The tag is that of the listener as it can be read, which does not show the secret.
      return tagged(request, reply, listener.revision, body, read)
    },
  })

  api.delete(
    ONE,
    {
      schema: schemas.delete,
      config: requires('listeners', 'write', 'listenerId', 'queueId'),
      preValidation: async (request) => {
        if (request.principal.frozen) await readListener(deps, addressOf(request))
      },
    },
    async (request) => {
      await deleteListener(deps, { ...addressOf(request), ifMatch: request.ifMatch })
      return { _links: linkOf(request) }
    },
  )
}

function queueOf(request: { principal: Principal; params: Static<typeof InQueue> }) {
  return { organizationId: request.principal.organizationId, id: request.params.queueId }
}

function addressOf(request: { principal: Principal; params: Static<typeof OneListener> }): ListenerAddress {
  const { queueId, listenerId: id } = request.params
  return { organizationId: request.principal.organizationId, queueId, id }
}

function linkOf(request: { base: string; params: Static<typeof OneListener> }) {
  return selfLink(request, paths.listener(request.params.queueId, request.params.listenerId))
}
