import { setTimeout as sleep } from 'node:timers/promises'
import type { DiscueStart } from '../load/discue.ts'
import { fillStore } from '../load/filled-store.ts'
import { createQueue, type Tenant } from './tenant.ts'

const SCHEDULES = 100_000

/** A server on which one organization has far more schedules due each second than it can run. */
export const manySchedulesDue: Pick<DiscueStart, 'fill'> = {
  async fill(path, key) {
    const schedules = { count: SCHEDULES, cron: '* * * * * *' }
    await fillStore(path, key, [{ name: 'greedy', messages: 0, schedules }])
  },
}

/** Gives a tenant a schedule of its own, each second; answers with what tells its worst lateness so far, in milliseconds. */
export async function watchSchedule(tenant: Tenant): Promise<() => Promise<number>> {
  const { id } = await createQueue(tenant, 'scheduled')
  const { schedule } = await tenant.call('POST', `/queues/${id}/schedules`, {
    name: 'each-second',
    cron: '* * * * * *',
    data: 'x',
  })
  return async () => {
    // The last of them may not have run yet.
    await sleep(1_000)
    const { runs } = await tenant.call('GET', `/queues/${id}/schedules/${schedule.id}/runs?per_page=100`)
    const times = runs as Run[]
    if (times.length === 0) throw new Error('the schedule has not run at all')
    const nextDue = Math.max(...times.map((run) => run.due_at)) + 1_000
    return Math.max(Date.now() - nextDue, ...times.map((run) => run.ran_at - run.due_at))
  }
}

interface Run {
  /** Epoch ms. */
  due_at: number
  ran_at: number
}
