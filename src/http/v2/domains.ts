import type { FastifyReply, FastifyRequest } from 'fastify'
import { type Static, Type } from 'typebox'
import type { AppDeps } from '../../app/deps.ts'
import { createDomain, type DomainAddress, deleteDomain, readDomain, updateDomain } from '../../app/tenant/domains.ts'
import { invalid } from '../../core/problem.ts'
import type { Principal } from '../../core/tenant/api-key.ts'
import { type Domain as Verifiable, verifiedUntil } from '../../core/tenant/domain.ts'
import type { Revised } from '../../store/listing/slice.ts'
import { type Api, requires } from '../contract.ts'
import { answerOnce } from '../pipeline/idempotency.ts'
import { tagged } from '../present/etag.ts'
import { paths, selfLink } from '../present/links.ts'
import { Deleted, Id, Query, readOnly, SelfLink, single, strict, Time } from '../present/schemas.ts'
import * as v1 from '../v1/tenant/domain-form.ts'
import { Alias, expectAlias, named, SentAlias, TAGS } from './dialect.ts'

const { https: Https, hostname: ShownHostname } = v1.Domain.properties
const { hostname: Hostname } = v1.NewDomain.properties

const PORT_RULE = 'must be 80, 443, or from 1024 to 65535'
const [HTTP, HTTPS, FIRST_UNPRIVILEGED, LAST] = [80, 443, 1_024, 65_535]
const Port = Type.Integer({ minimum: HTTP, maximum: LAST, description: PORT_RULE, examples: [HTTPS] })

const Domain = Type.Object(
  {
    id: Id,
    alias: Type.String(),
    hostname: ShownHostname,
    port: Type.Integer({ examples: [HTTPS] }),
    challenge: Type.Object({ https: Https }, { title: 'Challenge' }),
    verification: Type.Object(
      {
        verified: Type.Boolean(),
        verified_at: Type.Integer({ description: 'milliseconds since the Unix epoch, or 0' }),
      },
      { title: 'Verification' },
    ),
    created_at: Time,
    updated_at: Time,
  },
  { title: 'DomainV2' },
)
const NewDomain = strict({ alias: Alias, hostname: Hostname, port: Type.Optional(Port) })
const DomainChange = strict({
  alias: Type.Optional(SentAlias),
  hostname: Type.Optional(Hostname),
  port: Type.Optional(Port),
  ...readOnly('id', 'challenge', 'verification', 'created_at', 'updated_at'),
})

const common = { tags: TAGS, querystring: Query }
const one = { ...common, params: Type.Object({ domainId: Id }) }
const response = single('domain', Domain, SelfLink)
const schemas = {
  create: {
    operationId: 'createDomainV2',
    summary: 'Name a domain, and get the challenge that verifies it',
    ...common,
    body: NewDomain,
    response,
  },
  read: { operationId: 'getDomainV2', summary: 'Get one domain', ...one, response },
  update: {
    operationId: 'updateDomainV2',
    summary: 'Change a domain; at another place it has yet to be verified',
    ...one,
    body: DomainChange,
    response,
  },
  delete: {
    operationId: 'deleteDomainV2',
    summary: 'Delete a domain; listeners that are there stay',
    ...one,
    response: Deleted,
  },
}

const ONE = '/domains/:domainId'

/** Domains are there whether this server asks for their verification or not. */
export function domainRoutes(api: Api, deps: AppDeps): void {
  const write = requires('domains', 'write', 'domainId')
  const expectThere = async (request: FastifyRequest) => void (await readDomain(deps, addressOf(request as Asked)))

  api.post(
    '/domains',
    { schema: schemas.create, config: { ...requires('domains', 'write'), answersWith: 'domain' } },
    async (request, reply) => {
      const { name, hostname, port = HTTPS } = named(request.body)
      expectPort(port)
      const ask = { organizationId: request.principal.organizationId, name, hostname, port }
      const present = (domain: Verifiable) => presented(request, domain)
      return answerOnce(request, reply, (answerFor) => createDomain(deps, ask, answerFor), present)
    },
  )

  api.get(ONE, { schema: schemas.read, config: requires('domains', 'read', 'domainId') }, async (request, reply) =>
    present(request, reply, await readDomain(deps, addressOf(request))),
  )

  api.put(ONE, { schema: schemas.update, config: write, preValidation: expectThere }, async (request, reply) => {
    const { name, hostname, port } = named(request.body)
    expectAlias(name, (await readDomain(deps, addressOf(request))).name)
    expectPort(port)
    const ask = { ...addressOf(request), change: { name, hostname, port }, ifMatch: request.ifMatch }
    return present(request, reply, await updateDomain(deps, ask))
  })

  api.delete(ONE, { schema: schemas.delete, config: write, preValidation: expectThere }, async (request) => {
    await deleteDomain(deps, { ...addressOf(request), ifMatch: request.ifMatch })
    return { _links: selfLink(request, paths.domain(request.params.domainId)) }
  })

  function present(request: FastifyRequest, reply: FastifyReply, domain: Revised<Verifiable>) {
    return tagged(request, reply, domain.revision, presented(request, domain))
  }

  function presented(request: { base: string }, domain: Verifiable) {
    const now = deps.runtime.now()
    const { id, name, hostname, port, https, created_at, updated_at } = v1.fullDomain(domain, now)
    const verified = verifiedUntil(domain, now) !== null
    return {
      domain: {
        ...{ id, alias: name, hostname, port, challenge: { https } },
        verification: { verified, verified_at: domain.verifiedAt ?? 0 },
        ...{ created_at, updated_at },
      },
      _links: selfLink(request, paths.domain(id)),
    }
  }
}

/** Throws `invalid`. */
function expectPort(port: number | undefined): void {
  if (port === undefined || port === HTTP || port === HTTPS || port >= FIRST_UNPRIVILEGED) return
  throw invalid('/port', PORT_RULE)
}

interface Asked {
  principal: Principal
  params: Static<typeof one.params>
}

function addressOf({ principal, params }: Asked): DomainAddress {
  return { organizationId: principal.organizationId, id: params.domainId }
}
