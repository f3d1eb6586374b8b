import { NO_LIMITS, type Organization } from '../core/tenant/organization.ts'

/** A row of the table as SQLite hands it over. */
export type OrganizationRow = Omit<Organization, 'root' | 'limits'> & { root: number; limits: string }

/** The table's columns under the names of `Organization`. */
export const ORGANIZATION_COLUMNS = `
  id, name, root, status, limits, created_at as createdAt, updated_at as updatedAt`

export function organizationOf(row: OrganizationRow): Organization {
  // A limit that is newer than the row is not in it.
  return { ...row, root: row.root === 1, limits: { ...NO_LIMITS, ...JSON.parse(row.limits) } }
}
