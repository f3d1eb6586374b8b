import { type Static, Type } from 'typebox'
import type { AppDeps } from '../../app/deps.ts'
import {
  type CreatedListener,
  createListener,
  deleteListener,
  type ListenerAddress,
  readListener,
  updateListener,
} from '../../app/listeners.ts'
import { expectQueueForPost } from '../../app/queues.ts'
import type { Principal } from '../../core/tenant/api-key.ts'
import type { ListenerDetails } from '../../store/listeners.ts'
import { type Api, requires } from '../contract.ts'
import { EXAMPLE_SECRET } from '../openapi/examples.ts'
import { answerOnce } from '../pipeline/idempotency.ts'
import { tagged } from '../present/etag.ts'
import { paths, selfLink } from '../present/links.ts'
import { answers, Deleted, Id, Query, SelfLink, single, strict } from '../present/schemas.ts'
import { changeOf, createdOf, fullListener } from '../v1/listeners/listener-form.ts'
import * as v1 from '../v1/listeners/listener-schemas.ts'
import { Alias, aliased, expectAlias, named, nameless, SentAlias, TAGS } from './dialect.ts'

const Listener = Type.Object({ alias: Type.String(), ...nameless(v1.Listener) }, { title: 'ListenerV2' })
const Shown = Type.Object(
  {
    ...Listener.properties,
    secret: Type.Optional(Type.String({ description: 'where it was changed', examples: [EXAMPLE_SECRET] })),
  },
  { title: 'ListenerWithSecretV2' },
)
const Created = Type.Object({
  listener: Type.Object(
    {
      id: Id,
      alias: Type.String(),
      secret: Type.Optional(
        Type.String({ description: 'shown only here, not in a repeated answer', examples: [EXAMPLE_SECRET] }),
      ),
    },
    { title: 'CreatedListenerV2' },
  ),
  _links: SelfLink,
})
const NewListener = strict({ alias: Alias, ...nameless(v1.NewListener) })
const ListenerChange = strict({ alias: Type.Optional(SentAlias), ...nameless(v1.ListenerChange) })

const InQueue = Type.Object({ queueId: Id })
const one = { tags: TAGS, querystring: Query, params: Type.Object({ queueId: Id, listenerId: Id }) }
const schemas = {
  create: {
    operationId: 'createListenerV2',
    summary: 'Add a listener to a queue',
    ...one,
    params: InQueue,
    body: NewListener,
    response: answers(Created),
  },
  read: {
    operationId: 'getListenerV2',
    summary: 'Get one listener',
    ...one,
    response: single('listener', Listener, SelfLink),
  },
  update: {
    operationId: 'updateListenerV2',
    summary: 'Change a listener',
    ...one,
    body: ListenerChange,
    response: single('listener', Shown, SelfLink),
  },
  delete: {
    operationId: 'deleteListenerV2',
    summary: 'Delete a listener with what it had waiting',
    ...one,
    response: Deleted,
  },
}

/** Terraform makes a listener before anyone can verify its domain. */
const UNVERIFIED = { whenUnverified: 'waits' } as const

const IN_QUEUE = '/queues/:queueId/listeners'
const ONE = '/queues/:queueId/listeners/:listenerId'

export function listenerRoutes(api: Api, deps: AppDeps): void {
  const write = requires('listeners', 'write', 'listenerId', 'queueId')

  api.route({
    method: 'POST',
    url: IN_QUEUE,
    schema: schemas.create,
    config: { ...requires('listeners', 'write', 'queueId'), answersWith: 'listener' },
    preValidation: (request) => {
      const { organizationId } = request.principal
      return expectQueueForPost(deps, { organizationId, id: request.params.queueId })
    },
    handler: async (request, reply) => {
      const { queueId } = request.params
      const ask = {
        organizationId: request.principal.organizationId,
        queueId,
        ...createdOf(named(request.body)),
        ...UNVERIFIED,
      }
      const present = (made: CreatedListener) => ({
        listener: aliased(made),
        _links: selfLink(request, paths.listener(queueId, made.id)),
      })
      return answerOnce(request, reply, (answerFor) => createListener(deps, ask, answerFor), present)
    },
  })

  api.get(
    ONE,
    { schema: schemas.read, config: requires('listeners', 'read', 'listenerId', 'queueId') },
    async (request, reply) => {
      const found = await readListener(deps, addressOf(request))
      return tagged(request, reply, found.revision, presented(request, found))
    },
  )

  api.put(
    ONE,
    {
      schema: schemas.update,
      config: write,
      preValidation: async (request) => void (await readListener(deps, addressOf(request))),
    },
    async (request, reply) => {
      const change = changeOf(named(request.body))
      expectAlias(change.name, (await readListener(deps, addressOf(request))).name)
      const ask = { ...addressOf(request), change, ifMatch: request.ifMatch, ...UNVERIFIED }
      const { listener, secret } = await updateListener(deps, ask)
      const read = presented(request, listener)
      // The tag is that of the listener as it can be read, which does not show the secret.
      const body = { ...read, listener: { ...read.listener, secret } }
      return tagged(request, reply, listener.revision, body, read)
    },
  )

  api.delete(
    ONE,
    {
      schema: schemas.delete,
      config: write,
      preValidation: async (request) => void (await readListener(deps, addressOf(request))),
    },
    async (request) => {
      await deleteListener(deps, { ...addressOf(request), ifMatch: request.ifMatch })
      return { _links: linkOf(request) }
    },
  )
}

interface Asked {
  principal: Principal
  params: Static<typeof one.params>
  base: string
}

function presented(request: Asked, listener: ListenerDetails) {
  return { listener: aliased(fullListener(listener)), _links: linkOf(request) }
}

function addressOf({ principal, params }: Asked): ListenerAddress {
  return { organizationId: principal.organizationId, queueId: params.queueId, id: params.listenerId }
}

function linkOf(request: Asked) {
  return selfLink(request, paths.listener(request.params.queueId, request.params.listenerId))
}
