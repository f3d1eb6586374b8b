import { isDeepStrictEqual } from 'node:util'
import { nameTaken, Problem } from '../../core/problem.ts'
import { type ApiKey, digestOf, makeKeyText, type Principal, prefixOf } from '../../core/tenant/api-key.ts'
import {
  type Limits,
  NO_LIMITS,
  type Organization,
  type OrganizationStatus,
  withLimits,
} from '../../core/tenant/organization.ts'
import type { Runtime } from '../../runtime.ts'
import type { ExpectedRevisions } from '../../store/listing/expected-revision.ts'
import type { Revised } from '../../store/listing/slice.ts'
import { named } from '../changes.ts'
import type { AppDeps } from '../deps.ts'
import type { AnswerFor } from '../idempotency.ts'
import { expectIds } from '../ids.ts'
import { type Listing, type Page, readPage } from '../page.ts'

const OWNER_KEY_NAME = 'owner'

/** Who asks, and for which organization. */
export interface OrganizationAsk {
  principal: Principal
  id: string
}

export interface OrganizationChange {
  name?: string
  status?: OrganizationStatus
  limits?: Partial<Limits>
}

/** Makes an organization with its owner key; `text` is that key, kept nowhere. Throws `name_taken` and `key_running`. */
export async function createOrganization(
  deps: Pick<AppDeps, 'store' | 'runtime'>,
  ask: { name: string; limits: Partial<Limits> },
  answerFor?: AnswerFor<{ organization: Organization; text: string }>,
): Promise<{ organization: Organization; text: string }> {
  const now = deps.runtime.now()
  const text = makeKeyText(deps.runtime.randomBytes)
  const organization: Organization = {
    id: deps.runtime.newId(),
    name: ask.name,
    root: false,
    status: 'active',
    limits: withLimits(NO_LIMITS, ask.limits),
    createdAt: now,
    updatedAt: now,
  }
  const key = ownerKey(deps.runtime, organization, text)
  const outcome = await deps.store.organizations.create(organization, key, answerFor?.({ organization, text }))
  if (outcome === 'name_taken') throw nameTaken('API client')
  if (outcome === 'answered') throw new Problem('key_running')
  return { organization, text }
}

/** Oldest first. */
export async function listOrganizations(
  deps: Pick<AppDeps, 'store'>,
  { page }: { page: Page | null },
): Promise<Listing<Organization>> {
  return readPage(page, (slice) => deps.store.organizations.list({ slice }))
}

/** The root key may see every organization, any other only its own. Throws `organization_not_found`. */
export async function readOrganization(
  deps: Pick<AppDeps, 'store'>,
  { principal, id }: OrganizationAsk,
): Promise<Revised<Organization>> {
  expectIds([id], 'organization_not_found')
  const visible = principal.root || principal.organizationId === id
  const organization = visible ? await deps.store.organizations.get(id) : null
  if (organization === null) throw new Problem('organization_not_found')
  return organization
}

/**
 * On this node the change counts at once. Throws `organization_not_found`, `name_taken`, `root_organization`, `changed`,
 * and `root_key_needed` where another key would change more than the name.
 */
export async function updateOrganization(
  deps: Pick<AppDeps, 'store' | 'runtime'>,
  { change, ifMatch, ...ask }: OrganizationAsk & { change: OrganizationChange; ifMatch?: ExpectedRevisions },
): Promise<Revised<Organization>> {
  const current = await readOrganization(deps, ask)
  if (!ask.principal.root && changesRules(current, change)) throw new Problem('root_key_needed')
  // An owner's own copy of the rules is dropped: written back, it could undo what the root key changes meanwhile.
  const changes = named(ask.principal.root ? change : { name: change.name })
  const { id } = ask
  const changed = await deps.store.organizations.update({ id, changes, ifMatch, now: deps.runtime.now() })
  if (changed === 'not_found') throw new Problem('organization_not_found')
  if (changed === 'name_taken') throw nameTaken('API client')
  if (changed === 'root_organization') throw new Problem('root_organization')
  if (changed === 'changed') throw new Problem('changed')
  return changed
}

/**
 * Its keys stop working and its deliveries end at once; what it held is removed in the background. Throws
 * `organization_not_found`, `root_organization` and `changed`.
 */
export async function deleteOrganization(
  deps: Pick<AppDeps, 'store'>,
  { ifMatch, ...ask }: OrganizationAsk & { ifMatch?: ExpectedRevisions },
): Promise<void> {
  const { id } = await readOrganization(deps, ask)
  const outcome = await deps.store.organizations.delete({ id, ifMatch })
  if (outcome === 'not_found') throw new Problem('organization_not_found')
  if (outcome === 'root_organization') throw new Problem('root_organization')
  if (outcome === 'changed') throw new Problem('changed')
}

/** What was read and is sent back unchanged is no change: else an owner could not rename by sending back all of it. */
function changesRules(current: Organization, { status, limits }: OrganizationChange): boolean {
  if (status !== undefined && status !== current.status) return true
  return limits !== undefined && !isDeepStrictEqual(withLimits(current.limits, limits), { ...current.limits })
}

function ownerKey(runtime: Runtime, { id, createdAt }: Organization, text: string): ApiKey {
  return {
    id: runtime.newId(),
    organizationId: id,
    name: OWNER_KEY_NAME,
    digest: digestOf(text),
    prefix: prefixOf(text),
    status: 'enabled',
    scopes: null,
    owner: true,
    createdAt,
    updatedAt: createdAt,
    lastUsedAt: null,
  }
}
