import type { ApiKey, ApiKeyStatus, Scope } from '../core/tenant/api-key.ts'
import type { Organization } from '../core/tenant/organization.ts'
import type { IdempotencyRecord } from './idempotency-records.ts'
import type { ExpectedRevisions } from './listing/expected-revision.ts'
import type { Only, Revised, Slice } from './listing/slice.ts'
import type { Refused } from './organizations.ts'

interface ApiKeyChanges {
  name?: string
  status?: ApiKeyStatus
  scopes?: Scope[]
}

export interface ApiKeyStore {
  /** For authentication; disabled keys are found too, those of a deleted organization are not. */
  findByDigest(digest: string): Promise<{ key: ApiKey; organization: Organization } | null>
  /** `answer` is stored together with the key; `answered`: there is one already, and nothing was stored. */
  create(key: ApiKey, answer?: IdempotencyRecord): Promise<'created' | 'name_taken' | 'answered' | Refused>
  get(ask: { organizationId: string; id: string }): Promise<Revised<ApiKey> | null>
  /** Oldest first. */
  list(ask: { organizationId: string; only: Only; slice: Slice }): Promise<ApiKey[]>
  /** Refuses to disable the last enabled owner key of an organization. */
  update(ask: {
    organizationId: string
    id: string
    changes: ApiKeyChanges
    now: number
    ifMatch?: ExpectedRevisions
  }): Promise<Revised<ApiKey> | 'not_found' | 'name_taken' | 'last_owner_key' | 'changed'>
  /** Refuses to delete the last enabled owner key of an organization. */
  delete(ask: {
    organizationId: string
    id: string
    now: number
    ifMatch?: ExpectedRevisions
  }): Promise<'deleted' | 'not_found' | 'last_owner_key' | 'changed'>
  /** Gives a key a new text: the old one stops working. */
  replaceDigest(ask: { id: string; digest: string; prefix: string; now: number }): Promise<void>
  /** Whether the first start got as far as showing the root key. */
  rootKeyShown(): Promise<boolean>
  markRootKeyShown(): Promise<void>
}
