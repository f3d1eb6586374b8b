import type { Challenge, Domain } from '../core/tenant/domain.ts'
import type { IdempotencyRecord } from './idempotency-records.ts'
import type { ExpectedRevisions } from './listing/expected-revision.ts'
import type { Only, Revised, Slice } from './listing/slice.ts'

interface DomainChanges {
  name?: string
  hostname?: string
  port?: number
  challenge?: Challenge
  verifiedAt?: number | null
}

export interface DomainStore {
  /** `answer` is stored together with it; `answered`: there is one already, and nothing was stored. */
  create(
    domain: Domain,
    answer?: IdempotencyRecord,
  ): Promise<'created' | 'name_taken' | 'organization_not_found' | 'answered'>
  get(ask: { organizationId: string; id: string }): Promise<Revised<Domain> | null>
  /** Oldest first. */
  list(ask: { organizationId: string; only: Only; slice: Slice }): Promise<Domain[]>
  update(ask: {
    organizationId: string
    id: string
    changes: DomainChanges
    now: number
    ifMatch?: ExpectedRevisions
  }): Promise<Revised<Domain> | 'not_found' | 'name_taken' | 'changed'>
  delete(ask: {
    organizationId: string
    id: string
    ifMatch?: ExpectedRevisions
  }): Promise<'deleted' | 'not_found' | 'changed'>
  /** Whether a domain of the organization, at one of these ports, was verified after `since`. */
  isVerified(ask: {
    organizationId: string
    hostname: string
    ports: readonly number[]
    since: number
  }): Promise<boolean>
}
