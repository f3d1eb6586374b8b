import { isDeepStrictEqual } from 'node:util'
import { changedName } from '../../core/name.ts'
import { type Fault, nameTaken, Problem } from '../../core/problem.ts'
import {
  type ApiKey,
  type ApiKeyStatus,
  digestOf,
  GRANTABLE_RESOURCES,
  makeKeyText,
  PROTECTED_RESOURCES,
  type Principal,
  prefixOf,
  RESERVED_RESOURCES,
  type Resource,
  type Scope,
} from '../../core/tenant/api-key.ts'
import type { ExpectedRevisions } from '../../store/listing/expected-revision.ts'
import type { Revised } from '../../store/listing/slice.ts'
import { named } from '../changes.ts'
import type { AppDeps } from '../deps.ts'
import type { AnswerFor } from '../idempotency.ts'
import { expectIds } from '../ids.ts'
import { type Listing, type Page, readPage } from '../page.ts'
import { refusalOf } from './refusal.ts'
import { onlyVisible } from './visibility.ts'

export interface ApiKeyAddress {
  organizationId: string
  id: string
}

export interface NewApiKey {
  organizationId: string
  name: string | null
  status: ApiKeyStatus
  /** Null: everything except the protected resources. */
  scopes: Scope[] | null
  owner: boolean
}

export interface ApiKeyChange {
  name?: string
  status?: ApiKeyStatus
  scopes?: Scope[]
}

/**
 * Makes a key; `text` is the key itself and is kept nowhere. Throws `name_taken`, `invalid`, `quota_reached` and
 * `key_running`.
 */
export async function issueApiKey(
  deps: Pick<AppDeps, 'store' | 'runtime'>,
  ask: NewApiKey,
  answerFor?: AnswerFor<{ key: ApiKey; text: string }>,
): Promise<{ key: ApiKey; text: string }> {
  if (ask.owner && ask.scopes !== null) throw ownerScopes()
  if (ask.scopes !== null) expectGrantable(ask.scopes)
  const now = deps.runtime.now()
  const text = makeKeyText(deps.runtime.randomBytes)
  const key = {
    ...ask,
    id: deps.runtime.newId(),
    digest: digestOf(text),
    prefix: prefixOf(text),
    createdAt: now,
    updatedAt: now,
    lastUsedAt: null,
  }
  const outcome = await deps.store.apiKeys.create(key, answerFor?.({ key, text }))
  if (outcome === 'name_taken') throw nameTaken('API key')
  if (outcome !== 'created') throw refusalOf(outcome)
  return { key, text }
}

/** Throws `api_key_not_found`. */
export async function readApiKey(deps: Pick<AppDeps, 'store'>, ask: ApiKeyAddress): Promise<Revised<ApiKey>> {
  expectIds([ask.id], 'api_key_not_found')
  const key = await deps.store.apiKeys.get(ask)
  if (key === null) throw new Problem('api_key_not_found')
  return key
}

/** Oldest first, those that the key may see. */
export async function listApiKeys(
  deps: Pick<AppDeps, 'store'>,
  ask: { principal: Principal; page: Page | null },
): Promise<Listing<ApiKey>> {
  const { organizationId } = ask.principal
  const only = onlyVisible(ask.principal, 'api_keys')
  return readPage(ask.page, (slice) => deps.store.apiKeys.list({ organizationId, only, slice }))
}

/**
 * On this node the change counts at once. Where the organization is `frozen`, a key can be disabled and nothing else.
 * Throws `api_key_not_found`, `name_taken`, `invalid`, `organization_frozen`, `last_owner_key` and `changed`.
 */
export async function updateApiKey(
  deps: Pick<AppDeps, 'store' | 'runtime'>,
  ask: ApiKeyAddress & { change: ApiKeyChange; ifMatch?: ExpectedRevisions; frozen: boolean },
): Promise<Revised<ApiKey>> {
  const { change, ifMatch, frozen, ...address } = ask
  const current = await readApiKey(deps, address)
  const name = changedName(change.name, current)
  const changes = named({ ...change, name, scopes: changedScopes(current, change.scopes) })
  if (frozen && !onlyDisables(current, changes)) throw new Problem('organization_frozen')
  const changed = await deps.store.apiKeys.update({ ...address, changes, ifMatch, now: deps.runtime.now() })
  if (changed === 'not_found') throw new Problem('api_key_not_found')
  if (changed === 'name_taken') throw nameTaken('API key')
  if (changed === 'last_owner_key') throw new Problem('last_owner_key')
  if (changed === 'changed') throw new Problem('changed')
  return changed
}

/** On this node it stops working at once; a frozen organization may do it, too. Throws `api_key_not_found`, `last_owner_key` and `changed`. */
export async function deleteApiKey(
  deps: Pick<AppDeps, 'store' | 'runtime'>,
  ask: ApiKeyAddress & { ifMatch?: ExpectedRevisions },
): Promise<void> {
  expectIds([ask.id], 'api_key_not_found')
  const outcome = await deps.store.apiKeys.delete({ ...ask, now: deps.runtime.now() })
  if (outcome === 'not_found') throw new Problem('api_key_not_found')
  if (outcome === 'last_owner_key') throw new Problem('last_owner_key')
  if (outcome === 'changed') throw new Problem('changed')
}

/** What a key may do, spelled out, also where no scopes were given to it. */
export function scopesOf(key: Pick<ApiKey, 'scopes' | 'owner'>): Scope[] {
  if (key.owner) return [...PROTECTED_RESOURCES, ...GRANTABLE_RESOURCES].map(everythingOf)
  return key.scopes ?? GRANTABLE_RESOURCES.map(everythingOf)
}

/** What was read and is sent back unchanged is no change: else a client could not alter the name alone by `PUT`. */
function changedScopes(current: ApiKey, scopes: Scope[] | undefined): Scope[] | undefined {
  if (scopes === undefined || isDeepStrictEqual(scopes, scopesOf(current))) return undefined
  if (current.owner) throw ownerScopes()
  expectGrantable(scopes)
  return scopes
}

/** What was read and is sent back with the key disabled changes nothing else of it. */
function onlyDisables(current: ApiKey, { name, status, scopes }: ApiKeyChange): boolean {
  return status === 'disabled' && (name === undefined || name === current.name) && scopes === undefined
}

function everythingOf(resource: Resource): Scope {
  return { resource, access: 'write', targets: '*' }
}

function ownerScopes(): Problem {
  const message = 'an owner key may do everything; its scopes cannot be set'
  return new Problem('invalid', { errors: [{ path: '/scopes', message }] })
}

function expectGrantable(scopes: readonly Scope[]): void {
  const errors: Fault[] = []
  for (const [index, { resource }] of scopes.entries()) {
    const message = grantFault(resource)
    if (message !== null) errors.push({ path: `/scopes/${index}/resource`, message })
  }
  if (errors.length > 0) throw new Problem('invalid', { errors })
}

/** Why a resource cannot be granted to a key, or null where it can. */
export function grantFault(resource: Resource): string | null {
  const grantable: readonly Resource[] = [...GRANTABLE_RESOURCES, ...RESERVED_RESOURCES]
  if (grantable.includes(resource)) return null
  return `${resource} cannot be granted, only owner keys have it; grantable are: ${grantable.join(', ')}`
}
