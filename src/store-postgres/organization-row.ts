import { type Limits, NO_LIMITS, type Organization } from '../core/tenant/organization.ts'

/** A row of the table as PostgreSQL hands it over. */
export type OrganizationRow = Omit<Organization, 'limits'> & { limits: Partial<Limits> }

/** The table's columns under the names of `Organization`. */
export const ORGANIZATION_COLUMNS = `
  id, name, root, status, limits, created_at as "createdAt", updated_at as "updatedAt"`

export function organizationOf(row: OrganizationRow): Organization {
  // A limit that is newer than the row is not in it.
  return { ...row, limits: { ...NO_LIMITS, ...row.limits } }
}
