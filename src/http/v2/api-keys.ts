import type { FastifyReply, FastifyRequest } from 'fastify'
import { type Static, Type } from 'typebox'
import type { AppDeps } from '../../app/deps.ts'
import { type ApiKeyAddress, deleteApiKey, issueApiKey, readApiKey, updateApiKey } from '../../app/tenant/api-keys.ts'
import type { ApiKey, Principal } from '../../core/tenant/api-key.ts'
import type { Revised } from '../../store/listing/slice.ts'
import { type Api, requires } from '../contract.ts'
import { answerOnce } from '../pipeline/idempotency.ts'
import { tagged } from '../present/etag.ts'
import { paths, selfLink } from '../present/links.ts'
import { Id, Query, SelfLink, single, strict } from '../present/schemas.ts'
import * as v1 from '../v1/tenant/api-key-form.ts'
import { Alias, aliased, expectAlias, nameless, SentAlias, TAGS } from './dialect.ts'
import { changedScopes, grantedBy, SentScopes, ShownScopes, shownScopes } from './scopes.ts'

const FullKey = Type.Object(
  {
    ...nameless(v1.FullKey),
    alias: Type.String(),
    key: Type.String({ description: 'the key where it is made, else its first 3 characters', examples: ['ep1'] }),
    scopes: ShownScopes,
  },
  { title: 'ApiKeyV2' },
)
const NewKey = strict({
  ...nameless(v1.NewKey),
  alias: Alias,
  scopes: Type.Optional(SentScopes),
})
const KeyChange = strict({
  ...nameless(v1.KeyChange),
  alias: Type.Optional(SentAlias),
  scopes: Type.Optional(SentScopes),
})

const common = { tags: TAGS, querystring: Query }
const one = { ...common, params: Type.Object({ apiKeyId: Id }) }
const response = single('api_key', FullKey, SelfLink)
const schemas = {
  create: { operationId: 'createApiKeyV2', summary: 'Make an api key', ...common, body: NewKey, response },
  read: { operationId: 'getApiKeyV2', summary: 'Get one api key', ...one, response },
  update: { operationId: 'updateApiKeyV2', summary: 'Change an api key', ...one, body: KeyChange, response },
  delete: { operationId: 'deleteApiKeyV2', summary: 'Delete an api key, and get what it was', ...one, response },
}

const ONE = '/api_keys/:apiKeyId'

export function apiKeyRoutes(api: Api, deps: AppDeps): void {
  // A key that leaked must be stoppable: the use case takes that much of a frozen organization.
  const config = { ...requires('api_keys', 'write', 'apiKeyId'), whileFrozen: true }

  api.post(
    '/api_keys',
    { schema: schemas.create, config: { ...requires('api_keys', 'write'), answersWith: 'api_key' } },
    async (request, reply) => {
      const { alias: name, status = 'enabled', scopes, owner = false } = request.body
      const granted = scopes === undefined ? null : grantedBy(scopes)
      const ask = { organizationId: request.principal.organizationId, name, status, scopes: granted, owner }
      return answerOnce(
        request,
        reply,
        (answerFor) => issueApiKey(deps, ask, answerFor),
        ({ key, text }: { key: ApiKey; text: string }) => presented(request, key, text),
        ({ key }) => presented(request, key),
      )
    },
  )

  api.get(ONE, { schema: schemas.read, config: requires('api_keys', 'read', 'apiKeyId') }, async (request, reply) =>
    present(request, reply, await readApiKey(deps, addressOf(request))),
  )

  api.put(
    ONE,
    {
      schema: schemas.update,
      config,
      preValidation: async (request) => void (await readApiKey(deps, addressOf(request))),
    },
    async (request, reply) => {
      const { alias: name, status, scopes } = request.body
      const current = await readApiKey(deps, addressOf(request))
      expectAlias(name, current.name)
      const change = { name, status, scopes: changedScopes(current, scopes) }
      const { frozen } = request.principal
      const ask = { ...addressOf(request), change, ifMatch: request.ifMatch, frozen }
      return present(request, reply, await updateApiKey(deps, ask))
    },
  )

  api.delete(ONE, { schema: schemas.delete, config }, async (request) => {
    const key = await readApiKey(deps, addressOf(request))
    await deleteApiKey(deps, { ...addressOf(request), ifMatch: request.ifMatch })
    return presented(request, key)
  })
}

function addressOf(request: { principal: Principal; params: Static<typeof one.params> }): ApiKeyAddress {
  return { organizationId: request.principal.organizationId, id: request.params.apiKeyId }
}

function present(request: FastifyRequest, reply: FastifyReply, key: Revised<ApiKey>) {
  return tagged(request, reply, key.revision, presented(request, key))
}

/** `text` is the key itself, which only the answer that makes it shows. */
function presented(request: { base: string }, key: ApiKey, text = key.prefix) {
  const full = { ...aliased(v1.fullKey(key)), key: text, scopes: shownScopes(key) }
  return { api_key: full, _links: selfLink(request, paths.apiKey(key.id)) }
}
