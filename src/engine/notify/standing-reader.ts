import { BACKLOG_MS, mergedQueues, type Standing } from '../../core/notification/standing.ts'
import type { Store } from '../../store/store.ts'
import type { StandingPage } from '../../store/telemetry/notifications.ts'

/** Listeners or schedules that are looked through at a time: a few milliseconds' work. */
const PAGE = 500

/** Reads how an organization stands; `known` are the listeners that it was told of, `queueId` is where it is told. */
export async function readStanding(
  { notifications }: Pick<Store, 'notifications'>,
  ask: { organizationId: string; queueId: string; known: readonly string[]; now: number },
): Promise<Standing> {
  const { organizationId, queueId: exceptQueueId, known, now } = ask
  const of = { organizationId, exceptQueueId }
  return {
    now,
    listeners: await all((after) => notifications.listeners({ ...of, known, after, limit: PAGE })),
    schedules: await all((after) => notifications.schedules({ ...of, after, limit: PAGE })),
    queues: mergedQueues(
      await all((after) => notifications.queues({ ...of, dueBy: now - BACKLOG_MS, after, limit: PAGE })),
    ),
    quotas: await notifications.reachedQuotas({ organizationId, now }),
  }
}

async function all<One>(page: (after: string) => Promise<StandingPage<One>>): Promise<One[]> {
  const found: One[] = []
  for (let after: string | null = ''; after !== null; ) {
    const next: StandingPage<One> = await page(after)
    for (const one of next.found) found.push(one)
    after = next.after
  }
  return found
}
