import { setTimeout as sleep } from 'node:timers/promises'
import { type Discue, startDiscue } from '../load/discue.ts'
import { fillStore } from '../load/filled-store.ts'
import { Refusal, runRound } from '../measure/round.ts'
import type { Bench, Report, Scenario } from '../measure/scenario.ts'
import { showNumber, showSpread, spreadOf } from '../measure/spread.ts'

const SCHEDULES = 100_000
const MINUTE_MS = 60_000
const POLL_MS = 100
/** Of a minute: after the last burst is over, and well before the next. */
const QUIET_FROM_MS = 25_000
/** The traffic begins so long before the minute does. */
const LEAD_MS = 1_000

/** Whether very many schedules that are due at the same minute are run at once, and whether other clients notice. */
export const schedules: Scenario = {
  name: 'schedules',
  about:
    'how long it takes until schedules that are due at the same minute have made their messages, and others beside',

  async run(bench: Bench): Promise<Report> {
    const count = bench.options.backlog ?? SCHEDULES
    const { rate, seconds, rounds } = bench.options
    const ids: string[] = []
    bench.note(`filling a store with ${showNumber(count)} schedules`)
    await using discue = await startDiscue({
      fill: async (path, key) => {
        const every = { count, cron: '* * * * *' }
        ids.push(...(await fillStore(path, key, [{ name: 'scheduled', messages: 0, schedules: every }])))
      },
    })
    const other = await discue.createQueue('other')
    await discue.addListener(other, { name: 'receiver', notify_url: bench.target.ok })
    const inlet = discue.inlet('other traffic', other)
    const load = { messages: rate * seconds, rate }

    const [quiet, beside, took] = [[] as number[], [] as number[], [] as number[]]
    for (let round = 0; round <= rounds; round++) {
      await sleepUntil(QUIET_FROM_MS)
      const alone = await runRound(inlet, bench.target, load)
      const before = await countOf(discue, ids[0]!, count)
      const minute = await sleepUntil(MINUTE_MS - LEAD_MS)
      const busy = runRound(inlet, bench.target, load)
      await sleep(minute - Date.now())
      const tookMs = (await untilMade(discue, ids[0]!, before + count)) - minute
      const during = await busy
      bench.note(`round ${round}: ${tookMs} ms; p99 ${alone.endToEnd.p99} ms alone, ${during.endToEnd.p99} ms beside`)
      // The first warms up.
      if (round === 0) continue
      quiet.push(alone.endToEnd.p99)
      beside.push(during.endToEnd.p99)
      took.push(tookMs)
    }
    const [alone, during] = [spreadOf(quiet), spreadOf(beside)]
    return {
      table: [
        ['', 'all made, ms', 'p99 of others, ms'],
        ['between the minutes', '', showSpread(alone, 1)],
        [`${showNumber(count)} due at once`, showSpread(spreadOf(took)), showSpread(during, 1)],
      ],
      conclusions: [
        `others' p99 beside / alone: ${showNumber(during.median / alone.median, 2)} of the medians, at ${showNumber(rate)} messages/s for ${seconds} s`,
      ],
      figures: { count, rate, seconds, took: spreadOf(took), alone, during },
    }
  },
}

/** How many messages the queue has, which are so many for each minute that has begun. */
async function countOf(discue: Discue, queueId: string, perMinute: number): Promise<number> {
  let count = 0
  while (await has(discue, queueId, count + perMinute)) count += perMinute
  if (await has(discue, queueId, count + 1))
    throw new Refusal(`there are more than ${count} messages, of ${perMinute} a minute`)
  return count
}

/** Waits until the queue has so many messages; answers with the time of that. */
async function untilMade(discue: Discue, queueId: string, count: number): Promise<number> {
  while (!(await has(discue, queueId, count))) await sleep(POLL_MS)
  return Date.now()
}

/** Whether there is a message at this place of the listing, the newest being the first. */
async function has({ get }: Discue, queueId: string, place: number): Promise<boolean> {
  const { messages } = (await get(`/queues/${queueId}/messages?per_page=1&page=${place}`)) as { messages: unknown[] }
  return messages.length > 0
}

/** Until so many milliseconds of a minute are over; answers with when the next one begins. */
async function sleepUntil(ofMinuteMs: number): Promise<number> {
  const now = Date.now()
  const left = (ofMinuteMs - (now % MINUTE_MS) + MINUTE_MS) % MINUTE_MS
  await sleep(left)
  return Math.ceil(Date.now() / MINUTE_MS) * MINUTE_MS
}
