import { type Static, Type } from 'typebox'
import type { AppDeps } from '../../app/deps.ts'
import {
  createOrganization,
  deleteOrganization,
  listOrganizations,
  type OrganizationAsk,
  readOrganization,
  updateOrganization,
} from '../../app/organizations.ts'
import type { Principal } from '../../core/api-key.ts'
import type { Organization } from '../../core/organization.ts'
import { type Api, demand, rootDemand } from '../contract.ts'
import { paths, selfLink } from '../links.ts'
import { pageOf, presentListing } from '../listing.ts'
import { answers, collection, Deleted, Id, ListingQuery, Query, Ref, SelfLink, single } from '../schemas.ts'
import { ApiClient, ApiClientChange, asListed, fullApiClient, limitsOf, NewApiClient } from './api-client-form.ts'

const CreatedApiClient = Type.Object({
  api_client: Ref,
  api_key: Type.String({ description: 'its owner key, shown only here', examples: ['ep1…'] }),
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
  api.get('/api_clients', { schema: schemas.list, config: rootDemand('api_clients', 'read') }, async (request) => {
    const listing = await listOrganizations(deps, { page: pageOf(request.query) })
    return presentListing(request, request.query, listing, asListed)
  })

  api.post('/api_clients', { schema: schemas.create, config: rootDemand('api_clients', 'write') }, async (request) => {
    const { name, limits = {} } = request.body
    const { organization, text } = await createOrganization(deps, { name, limits: limitsOf(limits) })
    const { id } = organization
    return { api_client: { id, name }, api_key: text, _links: selfLink(request, paths.apiClient(id)) }
  })

  api.get(ONE, { schema: schemas.read, config: demand('api_clients', 'read', 'apiClientId') }, async (request) =>
    presentApiClient(request, await readOrganization(deps, askOf(request))),
  )

  api.route({
    method: ['PUT', 'PATCH'],
    url: ONE,
    schema: schemas.update,
    config: demand('api_clients', 'write', 'apiClientId'),
    preValidation: async (request) => void (await readOrganization(deps, askOf(request))),
    handler: async (request) => {
      const { name, status, limits } = request.body
      const change = { name, status, limits: limits && limitsOf(limits) }
      return presentApiClient(request, await updateOrganization(deps, { ...askOf(request), change }))
    },
  })

  api.delete(
    ONE,
    {
      schema: schemas.delete,
      config: rootDemand('api_clients', 'write', 'apiClientId'),
      preValidation: async (request) => void (await readOrganization(deps, askOf(request))),
    },
    async (request) => {
      await deleteOrganization(deps, askOf(request))
      return { _links: selfLink(request, paths.apiClient(request.params.apiClientId)) }
    },
  )
}

function askOf(request: { principal: Principal; params: Static<typeof OneApiClient> }): OrganizationAsk {
  return { principal: request.principal, id: request.params.apiClientId }
}

function presentApiClient(request: { base: string }, organization: Organization) {
  return { api_client: fullApiClient(organization), _links: selfLink(request, paths.apiClient(organization.id)) }
}
