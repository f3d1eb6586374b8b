import type { FastifyReply, FastifyRequest } from 'fastify'
import { type Static, Type } from 'typebox'
import type { AppDeps } from '../../../app/deps.ts'
import {
  createOrganization,
  deleteOrganization,
  listOrganizations,
  type OrganizationAsk,
  readOrganization,
  updateOrganization,
} from '../../../app/tenant/organizations.ts'
import type { Principal } from '../../../core/tenant/api-key.ts'
import type { Organization } from '../../../core/tenant/organization.ts'
import type { Revised } from '../../../store/listing/slice.ts'
import { type Api, requires, requiresRoot } from '../../contract.ts'
import { answerOnce } from '../../pipeline/idempotency.ts'
import { tagged } from '../../present/etag.ts'
import { paths, selfLink } from '../../present/links.ts'
import { pageOf, presentListing } from '../../present/listing.ts'
import {
  answers,
  collection,
  Deleted,
  Id,
  ListingQuery,
  Query,
  refTo,
  SelfLink,
  single,
} from '../../present/schemas.ts'
import { ApiClient, ApiClientChange, asListed, fullApiClient, limitsOf, NewApiClient } from './api-client-form.ts'

const CreatedApiClient = Type.Object({
  api_client: refTo('ApiClient'),
  api_key: Type.Optional(
    Type.String({ description: 'its owner key, shown only here, not in a repeated answer', examples: ['ep1…'] }),
  ),
  _links: SelfLink,
})
const OneApiClient = Type.Object({ apiClientId: Id })

const schemas = {
  list: {
    operationId: 'listApiClients',
    summary: 'Get all api clients; for the root key',
    querystring: ListingQuery,
    response: collection('api_clients', ApiClient),
  },
  create: {
    operationId: 'createApiClient',
    summary: 'Make an api client with its owner key; for the root key',
    querystring: Query,
    body: NewApiClient,
    response: answers(CreatedApiClient),
  },
  read: {
    operationId: 'getApiClient',
    summary: 'Get one api client',
    params: OneApiClient,
    querystring: Query,
    response: single('api_client', ApiClient, SelfLink),
  },
  update: {
    operationId: 'updateApiClient',
    summary: 'Rename an api client; with the root key also limit or freeze it',
    params: OneApiClient,
    querystring: Query,
    body: ApiClientChange,
    response: single('api_client', ApiClient, SelfLink),
  },
  delete: {
    operationId: 'deleteApiClient',
    summary: 'Delete an api client with everything in it; for the root key',
    params: OneApiClient,
    querystring: Query,
    response: Deleted,
  },
}

const ONE = '/api_clients/:apiClientId'

export function apiClientRoutes(api: Api, deps: AppDeps): void {
  api.get(
    '/api_clients',
    { schema: schemas.list, config: requiresRoot('api_clients', 'read') },
    async (request, reply) => {
      const ask = { page: pageOf(request.query) }
      const listing = await api.answerRoom.read(request, reply, () => listOrganizations(deps, ask))
      return presentListing(request, request.query, listing, asListed)
    },
  )

  api.post(
    '/api_clients',
    { schema: schemas.create, config: { ...requiresRoot('api_clients', 'write'), answersWith: 'api_client' } },
    async (request, reply) => {
      const { name, limits = {} } = request.body
      const ask = { name, limits: limitsOf(limits) }
      const present = ({ organization: { id }, text }: { organization: Organization; text: string }) => ({
        ...{ api_client: { id, name }, api_key: text },
        _links: selfLink(request, paths.apiClient(id)),
      })
      return answerOnce(request, reply, (answerFor) => createOrganization(deps, ask, answerFor), present)
    },
  )

  api.get(
    ONE,
    { schema: schemas.read, config: requires('api_clients', 'read', 'apiClientId') },
    async (request, reply) => presentApiClient(request, reply, await readOrganization(deps, askOf(request))),
  )

  api.route({
    method: ['PUT', 'PATCH'],
    url: ONE,
    schema: schemas.update,
    config: requires('api_clients', 'write', 'apiClientId'),
    preValidation: async (request) => void (await readOrganization(deps, askOf(request))),
    handler: async (request, reply) => {
      const { name, status, limits } = request.body
      const change = { name, status, limits: limits && limitsOf(limits) }
      const ask = { ...askOf(request), change, ifMatch: request.ifMatch }
      return presentApiClient(request, reply, await updateOrganization(deps, ask))
    },
  })

  api.delete(
    ONE,
    {
      schema: schemas.delete,
      config: requiresRoot('api_clients', 'write', 'apiClientId'),
      preValidation: async (request) => void (await readOrganization(deps, askOf(request))),
    },
    async (request) => {
      await deleteOrganization(deps, { ...askOf(request), ifMatch: request.ifMatch })
      return { _links: selfLink(request, paths.apiClient(request.params.apiClientId)) }
    },
  )
}

function askOf(request: { principal: Principal; params: Static<typeof OneApiClient> }): OrganizationAsk {
  return { principal: request.principal, id: request.params.apiClientId }
}

function presentApiClient(request: FastifyRequest, reply: FastifyReply, organization: Revised<Organization>) {
  const body = { api_client: fullApiClient(organization), _links: selfLink(request, paths.apiClient(organization.id)) }
  return tagged(request, reply, organization.revision, body)
}
