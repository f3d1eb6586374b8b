import type { DatabaseSync } from 'node:sqlite'
import type { Limits } from '../core/tenant/organization.ts'
import type { Refused } from '../store/organizations.ts'

type CountedQuota = 'queues' | 'listeners' | 'apiKeys' | 'schedules'

const LIMITS = `select limits from organizations where id = ?`

/** Counts no further than to the limit, in the table's index by organization. */
const counting = (table: string) =>
  `select count(*) as used from (select 1 from ${table} where organization_id = ? limit ?)`

export const COUNTS: Record<CountedQuota, string> = {
  queues: counting('queues'),
  listeners: counting('listeners'),
  apiKeys: counting('api_keys'),
  schedules: counting('schedules'),
}

/** Why the organization cannot have one more of these, or null where it can. Within the transaction that stores it. */
export type RefusalOf = (organizationId: string) => Refused | null

export function createRefusal(db: DatabaseSync, limit: CountedQuota): RefusalOf {
  const [limits, count] = [db.prepare(LIMITS), db.prepare(COUNTS[limit])]
  return (organizationId) => {
    const row = limits.get(organizationId) as { limits: string } | undefined
    if (row === undefined) return 'organization_not_found'
    const value = (JSON.parse(row.limits) as Partial<Limits>)[limit] ?? null
    if (value === null) return null
    const { used } = count.get(organizationId, value) as { used: number }
    return used < value ? null : { outcome: 'quota', limit, value }
  }
}
