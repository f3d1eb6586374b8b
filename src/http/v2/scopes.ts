import { isDeepStrictEqual } from 'node:util'
import { type Static, Type } from 'typebox'
import { grantFault, scopesOf } from '../../app/tenant/api-keys.ts'
import { Problem } from '../../core/problem.ts'
import {
  type ApiKey,
  GRANTABLE_RESOURCES,
  type Scope as Granted,
  PROTECTED_RESOURCES,
  RESERVED_RESOURCES,
  type Resource,
} from '../../core/tenant/api-key.ts'
import { strict } from '../present/schemas.ts'
import { Targets } from '../v1/tenant/api-key-form.ts'

const Scope = strict(
  { access: Type.Optional(Type.Enum(['read', 'write'])), targets: Type.Optional(Targets) },
  { title: 'NewScopeV2' },
)
const EXAMPLE = { queues: { access: 'read', targets: ['*'] } }
/** The protected ones are there so that what an owner key has can be sent back. */
const RESOURCES = [...GRANTABLE_RESOURCES, ...RESERVED_RESOURCES, ...PROTECTED_RESOURCES]

/** What a key is granted: an entry for each resource; left out are `write` and everything. */
export const SentScopes = strict(
  Object.fromEntries(RESOURCES.map((resource) => [resource, Type.Optional(Scope)])) as Record<
    (typeof RESOURCES)[number],
    ReturnType<typeof Type.Optional<typeof Scope>>
  >,
  { title: 'NewScopesV2', examples: [EXAMPLE] },
)

const ShownScope = Type.Object(
  { access: Type.String({ examples: ['read'] }), targets: Type.Array(Type.String(), { examples: [['*']] }) },
  { title: 'ScopeV2' },
)
/** Only what is granted is there. */
export const ShownScopes = Type.Unsafe<Record<string, Static<typeof ShownScope>>>(
  Type.Object({}, { title: 'ScopesV2', additionalProperties: ShownScope, examples: [EXAMPLE] }),
)

type Shown = Static<typeof ShownScopes>

/**
 * What a key may do, by resource. A key of version 1 may have several scopes of one resource: then it is what their widest
 * access is granted for, so that nothing is shown which is not granted.
 */
export function shownScopes(key: Pick<ApiKey, 'scopes' | 'owner'>): Shown {
  const shown: Shown = {}
  for (const [resource, scopes] of Object.entries(Object.groupBy(scopesOf(key), (scope) => scope.resource))) {
    const access = scopes.some((scope) => scope.access === 'write') ? 'write' : 'read'
    const widest = scopes.filter((scope) => scope.access === access)
    shown[resource] = { access, targets: [...new Set(widest.flatMap(({ targets }) => targets))] }
  }
  return shown
}

/** What the body grants, in the words of the use cases. Throws `invalid` where it cannot be granted. */
export function grantedBy(sent: Static<typeof SentScopes>): Granted[] {
  const errors = Object.keys(sent).flatMap((resource) => {
    const message = grantFault(resource as Resource)
    return message === null ? [] : [{ path: `/scopes/${resource}`, message }]
  })
  if (errors.length > 0) throw new Problem('invalid', { errors })
  return scopesIn(sent)
}

function scopesIn(sent: Static<typeof SentScopes>): Granted[] {
  return Object.entries(sent).map(([resource, { access = 'write', targets = ['*'] }]) => ({
    ...{ resource: resource as Resource, access, targets },
  }))
}

/** What a change sets the scopes to; what was read and is sent back changes nothing, whatever more the key is granted. */
export function changedScopes(key: ApiKey, sent: Static<typeof SentScopes> | undefined): Granted[] | undefined {
  if (sent === undefined) return undefined
  const unchanged = isDeepStrictEqual(shownScopes({ scopes: scopesIn(sent), owner: false }), shownScopes(key))
  return unchanged ? undefined : grantedBy(sent)
}
