import type { FastifyReply, FastifyRequest } from 'fastify'
import { type Static, Type } from 'typebox'
import type { AppDeps } from '../../../app/deps.ts'
import {
  createDomain,
  type DomainAddress,
  deleteDomain,
  listDomains,
  readDomain,
  updateDomain,
  verifyDomain,
} from '../../../app/tenant/domains.ts'
import type { Principal } from '../../../core/tenant/api-key.ts'
import type { Domain as Verifiable } from '../../../core/tenant/domain.ts'
import type { Revised } from '../../../store/listing/slice.ts'
import { type Api, requires } from '../../contract.ts'
import { answerOnce } from '../../pipeline/idempotency.ts'
import { tagged } from '../../present/etag.ts'
import { paths, selfLink } from '../../present/links.ts'
import { pageOf, presentListing } from '../../present/listing.ts'
import { collection, Deleted, Id, ListingQuery, Query, SelfLink, single } from '../../present/schemas.ts'
import { Domain, DomainChange, fullDomain, listedAt, NewDomain } from './domain-form.ts'

const DEFAULT_PORT = 443
const OneDomain = Type.Object({ domainId: Id })

const schemas = {
  list: {
    operationId: 'listDomains',
    summary: 'Get all domains',
    querystring: ListingQuery,
    response: collection('domains', Domain),
  },
  create: {
    operationId: 'createDomain',
    summary: 'Name a domain, and get the challenge that verifies it',
    querystring: Query,
    body: NewDomain,
    response: single('domain', Domain, SelfLink),
  },
  read: {
    operationId: 'getDomain',
    summary: 'Get one domain',
    params: OneDomain,
    querystring: Query,
    response: single('domain', Domain, SelfLink),
  },
  update: {
    operationId: 'updateDomain',
    summary: 'Change a domain; at another place it has yet to be verified',
    params: OneDomain,
    querystring: Query,
    body: DomainChange,
    response: single('domain', Domain, SelfLink),
  },
  verify: {
    operationId: 'verifyDomain',
    summary: "Have the server look for the challenge's file",
    params: OneDomain,
    querystring: Query,
    response: single('domain', Domain, SelfLink),
  },
  delete: {
    operationId: 'deleteDomain',
    summary: 'Delete a domain; listeners that are there stay',
    params: OneDomain,
    querystring: Query,
    response: Deleted,
  },
}

const ONE = '/domains/:domainId'

export function domainRoutes(api: Api, deps: AppDeps): void {
  const switchedOff = deps.domainVerification === 'off' ? ('domains_off' as const) : null
  const config = (access: 'read' | 'write', ...ids: string[]) => ({
    ...requires('domains', access, ...ids),
    switchedOff,
  })
  const expectThere = async (request: FastifyRequest) => void (await readDomain(deps, addressOf(request as Asked)))

  api.get('/domains', { schema: schemas.list, config: config('read') }, async (request, reply) => {
    const ask = { principal: request.principal, page: pageOf(request.query) }
    const listing = await api.answerRoom.read(request, reply, () => listDomains(deps, ask))
    return presentListing(request, request.query, listing, listedAt(deps.runtime.now()))
  })

  api.post(
    '/domains',
    { schema: schemas.create, config: { ...config('write'), answersWith: 'domain' } },
    async (request, reply) => {
      const { name, hostname, port = DEFAULT_PORT } = request.body
      const ask = { organizationId: request.principal.organizationId, name, hostname, port }
      const present = (domain: Verifiable) => ({
        domain: fullDomain(domain, deps.runtime.now()),
        _links: selfLink(request, paths.domain(domain.id)),
      })
      return answerOnce(request, reply, (answerFor) => createDomain(deps, ask, answerFor), present)
    },
  )

  api.get(ONE, { schema: schemas.read, config: config('read', 'domainId') }, async (request, reply) =>
    present(request, reply, await readDomain(deps, addressOf(request))),
  )

  api.route({
    method: ['PUT', 'PATCH'],
    url: ONE,
    schema: schemas.update,
    config: config('write', 'domainId'),
    preValidation: expectThere,
    handler: async (request, reply) => {
      const { name, hostname, port } = request.body
      const ask = { ...addressOf(request), change: { name, hostname, port }, ifMatch: request.ifMatch }
      return present(request, reply, await updateDomain(deps, ask))
    },
  })

  api.post(
    `${ONE}/verify`,
    {
      schema: schemas.verify,
      config: { ...config('write', 'domainId'), answersWith: 'domain' },
      preValidation: expectThere,
    },
    async (request, reply) => present(request, reply, await verifyDomain(deps, addressOf(request))),
  )

  api.delete(
    ONE,
    { schema: schemas.delete, config: config('write', 'domainId'), preValidation: expectThere },
    async (request) => {
      await deleteDomain(deps, { ...addressOf(request), ifMatch: request.ifMatch })
      return { _links: selfLink(request, paths.domain(request.params.domainId)) }
    },
  )

  function present(request: FastifyRequest, reply: FastifyReply, domain: Revised<Verifiable>) {
    const body = { domain: fullDomain(domain, deps.runtime.now()), _links: selfLink(request, paths.domain(domain.id)) }
    return tagged(request, reply, domain.revision, body)
  }
}

interface Asked {
  principal: Principal
  params: Static<typeof OneDomain>
}

function addressOf({ principal, params }: Asked): DomainAddress {
  return { organizationId: principal.organizationId, id: params.domainId }
}
