import { type Static, Type } from 'typebox'
import { scopesOf } from '../../../app/tenant/api-keys.ts'
import {
  type ApiKey,
  GRANTABLE_RESOURCES,
  PROTECTED_RESOURCES,
  RESERVED_RESOURCES,
} from '../../../core/tenant/api-key.ts'
import { paths } from '../../present/links.ts'
import { refOf } from '../../present/listing.ts'
import { Id, Name, NullableTime, readOnly, ShownName, strict, Time } from '../../present/schemas.ts'

/** Every request of a key walks its scopes. */
const MAX_SCOPES = 100
const MAX_TARGETS = 1_000

const Status = Type.Enum(['enabled', 'disabled'])
/** Whatever could be an id, a schema's or another server's among them; one that names nothing here grants nothing. */
const Target = Type.String({
  pattern: '^(?:\\*|[A-Za-z0-9_-]{1,64})$',
  description: 'must be "*" or the id of what it may be used for: 1 to 64 characters of A-Z a-z 0-9 _ -',
  examples: ['*', '00VbugnoyVluTsdf2eOBu'],
})
/** What a scope is for, one by one. */
export const Targets = Type.Array(Target, { maxItems: MAX_TARGETS })
const Scope = strict(
  {
    resource: Type.Enum([...GRANTABLE_RESOURCES, ...RESERVED_RESOURCES, ...PROTECTED_RESOURCES]),
    access: Type.Enum(['read', 'write']),
    targets: Type.Union([Type.Literal('*'), Targets], {
      description: `must be "*", ["*"], or an array of at most ${MAX_TARGETS} ids`,
    }),
  },
  { title: 'NewScope' },
)
const EXAMPLE_SCOPE = { resource: 'queues', access: 'read', targets: '*' }
const Scopes = Type.Array(Scope, { maxItems: MAX_SCOPES, examples: [[EXAMPLE_SCOPE]] })

/** The full form. */
export const FullKey = Type.Object(
  {
    id: Id,
    name: ShownName,
    created_at: Time,
    updated_at: Time,
    last_used_at: NullableTime,
    key: Type.String({ description: 'the first 3 characters', examples: ['ep1'] }),
    status: Type.String({ examples: ['enabled'] }),
    // Loosely typed for the answer alone: serializing a choice of types would mean validating it again.
    scopes: Type.Array(Type.Object({ resource: Type.String(), access: Type.String(), targets: Type.Unknown() }), {
      examples: [[EXAMPLE_SCOPE]],
    }),
    owner: Type.Optional(Type.Boolean()),
  },
  { title: 'ApiKey' },
)

/** What makes a key. */
export const NewKey = strict({
  name: Type.Optional(Name),
  status: Type.Optional(Status),
  scopes: Type.Optional(Scopes),
  owner: Type.Optional(Type.Boolean()),
})

export const KeyChange = strict({
  name: Type.Optional(Name),
  status: Type.Optional(Status),
  scopes: Type.Optional(Scopes),
  ...readOnly('id', 'created_at', 'updated_at', 'last_used_at', 'key', 'owner'),
})

export function fullKey(key: ApiKey): Static<typeof FullKey> {
  return {
    ...refOf(key),
    created_at: key.createdAt,
    updated_at: key.updatedAt,
    last_used_at: key.lastUsedAt,
    key: key.prefix,
    status: key.status,
    scopes: scopesOf(key),
    ...(key.owner && { owner: true }),
  }
}

/** How listings of keys show them. */
export const asListed = {
  collection: 'api_keys',
  path: paths.apiKeys,
  entry: ({ id, name }: ApiKey) => ({ id, name, path: paths.apiKey(id) }),
  full: fullKey,
}
