import type { OrganizationDue } from '../../core/schedule/schedule-plan.ts'
import type { DuePage, ScheduleStore } from '../../store/schedules.ts'

/** What a round of the scheduler has to do. */
interface DueRound {
  organizations: OrganizationDue[]
  /** When the first schedule that is not among them comes to a due time, where that is known; null: never, or unknown. */
  nextAt: number | null
  /** Whether more is due than was read. */
  isMore: boolean
}

/** Reads the schedules that are due. */
export interface DueTurns {
  /** Up to about `limit` schedules that are due by `until`; none only where none is due. */
  read(ask: { until: number; limit: number }): Promise<DueRound>
}

type Deps = Pick<ScheduleStore, 'due' | 'dueOrganizations' | 'dueInTurns'>

/**
 * While all that is due fits into one round, it is read in the order of due times. Otherwise the organizations that have
 * something due take turns, so that what is due of one is not late because another has a hundred thousand before it. They
 * are looked for once, and then among what has become due since.
 */
export function createDueTurns(store: Deps): DueTurns {
  /** Those that have something due, the next one first; empty where all that was due was read. */
  const organizations = new Set<string>()
  let lookedUntil: number | null = null

  async function look(until: number): Promise<void> {
    if (organizations.size === 0) lookedUntil = null
    // A clock that was set back comes to those due times again.
    else if (lookedUntil !== null) lookedUntil = Math.min(lookedUntil, until)
    for (const id of await store.dueOrganizations({ after: lookedUntil, until })) organizations.add(id)
    lookedUntil = until
  }

  async function readInTurns(until: number, limit: number): Promise<OrganizationDue[]> {
    const ids = [...organizations.values().take(limit)]
    const pages = await store.dueInTurns({ organizationIds: ids, until, each: Math.ceil(limit / ids.length) })
    for (const [index, id] of ids.entries()) {
      organizations.delete(id)
      if (pages[index]!.due.length > 0) organizations.add(id)
    }
    return pages.filter(({ due }) => due.length > 0).map((page) => partOf(page, until))
  }

  return {
    async read({ until, limit }) {
      while (organizations.size > 1) {
        await look(until)
        const parts = await readInTurns(until, limit)
        if (parts.length > 0) return { organizations: parts, nextAt: null, isMore: true }
      }
      const page = await store.due({ until, limit })
      if (page.nextAt === null || page.nextAt > until) {
        organizations.clear()
        const byOrganization = Map.groupBy(page.due, ({ schedule }) => schedule.organizationId)
        const parts = [...byOrganization.values()].map((due) => ({ due, until }))
        return { organizations: parts, nextAt: page.nextAt, isMore: page.due.length === limit }
      }
      await look(until)
      if (organizations.size > 1) return this.read({ until, limit })
      return { organizations: [partOf(page, until)], nextAt: null, isMore: true }
    },
  }
}

/** What was not read of an organization may be due before later runs of what was. */
function partOf({ due, nextAt }: DuePage, until: number): OrganizationDue {
  return { due, until: nextAt === null ? until : Math.min(until, nextAt) }
}
