import type { FastifyReply, FastifyRequest } from 'fastify'
import { type Static, Type } from 'typebox'
import type { AppDeps } from '../../../app/deps.ts'
import {
  type ApiKeyAddress,
  deleteApiKey,
  issueApiKey,
  listApiKeys,
  readApiKey,
  updateApiKey,
} from '../../../app/tenant/api-keys.ts'
import type { ApiKey, Principal } from '../../../core/tenant/api-key.ts'
import type { Revised } from '../../../store/listing/slice.ts'
import { type Api, requires } from '../../contract.ts'
import { answerOnce } from '../../pipeline/idempotency.ts'
import { tagged } from '../../present/etag.ts'
import { paths, selfLink } from '../../present/links.ts'
import { pageOf, presentListing, refOf } from '../../present/listing.ts'
import {
  answers,
  collection,
  Deleted,
  Id,
  ListingQuery,
  Query,
  SelfLink,
  ShownName,
  single,
} from '../../present/schemas.ts'
import { asListed, FullKey, fullKey, KeyChange, NewKey } from './api-key-form.ts'

const IssuedKey = Type.Object({
  api_key: Type.Optional(
    Type.String({
      description: 'the key, shown only here, not in a repeated answer',
      examples: [`ep1${'x'.repeat(61)}`],
    }),
  ),
  id: Id,
  name: ShownName,
  _links: SelfLink,
})
const OneKey = Type.Object({ apiKeyId: Id })

const schemas = {
  list: {
    operationId: 'listApiKeys',
    summary: 'Get all api keys',
    querystring: ListingQuery,
    response: collection('api_keys', FullKey),
  },
  issue: {
    operationId: 'createApiKey',
    summary: 'Make an api key',
    querystring: Query,
    body: NewKey,
    response: answers(IssuedKey),
  },
  read: {
    operationId: 'getApiKey',
    summary: 'Get one api key',
    params: OneKey,
    querystring: Query,
    response: single('api_key', FullKey, SelfLink),
  },
  update: {
    operationId: 'updateApiKey',
    summary: 'Change an api key',
    params: OneKey,
    querystring: Query,
    body: KeyChange,
    response: single('api_key', FullKey, SelfLink),
  },
  delete: {
    operationId: 'deleteApiKey',
    summary: 'Delete an api key',
    params: OneKey,
    querystring: Query,
    response: Deleted,
  },
}

export function apiKeyRoutes(api: Api, deps: AppDeps): void {
  api.get('/api_keys', { schema: schemas.list, config: requires('api_keys', 'read') }, async (request, reply) => {
    const ask = { principal: request.principal, page: pageOf(request.query) }
    const listing = await api.answerRoom.read(request, reply, () => listApiKeys(deps, ask))
    return presentListing(request, request.query, listing, asListed)
  })

  api.post(
    '/api_keys',
    { schema: schemas.issue, config: { ...requires('api_keys', 'write'), answersWith: 'api_key' } },
    async (request, reply) => {
      const { name = null, status = 'enabled', scopes = null, owner = false } = request.body
      const { organizationId } = request.principal
      const ask = { organizationId, name, status, scopes, owner }
      const present = ({ key, text }: { key: ApiKey; text: string }) => ({
        ...{ api_key: text, ...refOf(key) },
        _links: selfLink(request, paths.apiKey(key.id)),
      })
      return answerOnce(request, reply, (answerFor) => issueApiKey(deps, ask, answerFor), present)
    },
  )

  api.get(
    '/api_keys/:apiKeyId',
    { schema: schemas.read, config: requires('api_keys', 'read', 'apiKeyId') },
    async (request, reply) => presentKey(request, reply, await readApiKey(deps, addressOf(request))),
  )

  api.route({
    method: ['PUT', 'PATCH'],
    url: '/api_keys/:apiKeyId',
    schema: schemas.update,
    // A key that leaked must be stoppable: the use case takes that much of a frozen organization.
    config: { ...requires('api_keys', 'write', 'apiKeyId'), whileFrozen: true },
    preValidation: async (request) => void (await readApiKey(deps, addressOf(request))),
    handler: async (request, reply) => {
      const { name, status, scopes } = request.body
      const { frozen } = request.principal
      const ask = { ...addressOf(request), change: { name, status, scopes }, ifMatch: request.ifMatch, frozen }
      return presentKey(request, reply, await updateApiKey(deps, ask))
    },
  })

  api.delete(
    '/api_keys/:apiKeyId',
    {
      schema: schemas.delete,
      config: { ...requires('api_keys', 'write', 'apiKeyId'), whileFrozen: true },
    },
    async (request) => {
      await deleteApiKey(deps, { ...addressOf(request), ifMatch: request.ifMatch })
      return { _links: selfLink(request, paths.apiKey(request.params.apiKeyId)) }
    },
  )
}

function addressOf(request: { principal: Principal; params: Static<typeof OneKey> }): ApiKeyAddress {
  return { organizationId: request.principal.organizationId, id: request.params.apiKeyId }
}

function presentKey(request: FastifyRequest, reply: FastifyReply, key: Revised<ApiKey>) {
  const body = { api_key: fullKey(key), _links: selfLink(request, paths.apiKey(key.id)) }
  return tagged(request, reply, key.revision, body)
}
