import type { ApiKey } from '../core/tenant/api-key.ts'
import type { Limits, Organization, OrganizationStatus, Quota } from '../core/tenant/organization.ts'
import type { IdempotencyRecord } from './idempotency-records.ts'
import type { ExpectedRevisions } from './listing/expected-revision.ts'
import type { Revised, Slice } from './listing/slice.ts'

/** A limit of the organization is used up; nothing was stored. */
export interface QuotaReached {
  outcome: 'quota'
  limit: Quota
  /** How large it is. */
  value: number
}

/** Why an organization cannot have one more of something. */
export type Refused = 'organization_not_found' | QuotaReached

interface OrganizationChanges {
  name?: string
  status?: OrganizationStatus
  /** The limits to change; null takes one away. */
  limits?: Partial<Limits>
}

/**
 * Limits are kept within the transaction that stores something, so that no number of writes at the same time exceeds
 * one. What is above a limit that is set later stays.
 */
export interface OrganizationStore {
  /** Null until the first start has stored the root organization. */
  findRoot(): Promise<Organization | null>
  /**
   * Stores an organization together with its owner key. `answer` is stored with them; `answered`: there is one
   * already, and nothing was stored.
   */
  create(
    organization: Organization,
    ownerKey: ApiKey,
    answer?: IdempotencyRecord,
  ): Promise<'created' | 'name_taken' | 'answered'>
  get(id: string): Promise<Revised<Organization> | null>
  /** Oldest first. */
  list(ask: { slice: Slice }): Promise<Organization[]>
  /** Changes an organization; refuses to freeze the root one. */
  update(ask: {
    id: string
    changes: OrganizationChanges
    now: number
    ifMatch?: ExpectedRevisions
  }): Promise<Revised<Organization> | 'not_found' | 'name_taken' | 'root_organization' | 'changed'>
  /**
   * From now on its keys are unknown, and nothing can be created, accepted or claimed in it; what it held is removed
   * by sweeps. Answers with all its listeners. Refuses to delete the root organization.
   */
  delete(ask: {
    id: string
    ifMatch?: ExpectedRevisions
  }): Promise<{ listenerIds: string[] } | 'not_found' | 'root_organization' | 'changed'>
}
