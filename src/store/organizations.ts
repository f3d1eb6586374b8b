import type { ApiKey } from '../core/api-key.ts'
import type { Organization } from '../core/organization.ts'

export interface OrganizationStore {
  /** Null until the first start has stored the root organization. */
  findRoot(): Promise<Organization | null>
  /** Stores an organization together with its owner key. */
  create(organization: Organization, ownerKey: ApiKey): Promise<'created' | 'name_taken'>
}
