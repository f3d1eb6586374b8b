import type { Limits } from '../core/tenant/organization.ts'
import type { Refused } from '../store/organizations.ts'
import type { Db } from './connect/session.ts'

type CountedQuota = 'queues' | 'listeners' | 'apiKeys' | 'schedules'

/** Locked, so that no number of creations at the same time exceeds a limit. */
const LIMITS = `select limits from discue.organizations where id = $1 for update`

/** Counts no further than to the limit, in the table's index by organization. */
const counting = (table: string) =>
  `select count(*) as used from (select 1 from discue.${table} where organization_id = $1 limit $2) counted`

export const COUNTS: Record<CountedQuota, string> = {
  queues: counting('queues'),
  listeners: counting('listeners'),
  apiKeys: counting('api_keys'),
  schedules: counting('schedules'),
}

/** Why the organization cannot have one more of these, or null where it can. Within the transaction that stores it. */
export async function refusalOf(db: Db, organizationId: string, limit: CountedQuota): Promise<Refused | null> {
  const [row] = await db.rows<{ limits: Partial<Limits> }>(LIMITS, [organizationId])
  if (row === undefined) return 'organization_not_found'
  const value = row.limits[limit] ?? null
  if (value === null) return null
  const [counted] = await db.rows<{ used: number }>(COUNTS[limit], [organizationId, value])
  return counted!.used < value ? null : { outcome: 'quota', limit, value }
}
