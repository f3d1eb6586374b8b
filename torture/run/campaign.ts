import { type Judgement, judge } from '../judge/judge.ts'
import { FAULTS, type Plan } from '../plan/plan.ts'
import type { CampaignRecord } from '../record/record.ts'
import { ROOT_KEY, type Servers } from '../servers/servers.ts'
import { type Clock, sleep, startClock, until } from './clock.ts'
import { readEndState, readLedger } from './end-state.ts'
import { runLane, type Shared } from './lane.ts'
import { runPuller } from './puller.ts'
import { type OnTheWay, startReceivers } from './receivers.ts'
import { setUp } from './setup.ts'
import { createTransport, type Transport } from './transport.ts'

const LANES = 6
const PULLERS = 2
/** What a campaign does before the first fault, and after the last. */
const WARM_UP_MS = 500

/** A fault that is planted between the torture and the servers, to see whether it is found. */
export interface Plant {
  transport?: (real: Transport, world: { record: CampaignRecord }) => Transport
  onTheWay?: OnTheWay
  /** Once the servers have ended, and before the files are verified. */
  afterEnd?: () => void
}

export interface Campaign {
  plan: Plan
  servers: Servers
  record: CampaignRecord
  plant?: Plant
  say: (line: string) => void
}

/** Lets the workload and the faults of the plan go at the servers, heals everything, and judges what came of it. */
export async function runCampaign(campaign: Campaign): Promise<Judgement> {
  const { plan, servers, record, plant = {} } = campaign
  const clock = startClock()
  const onTheWay = plant.onTheWay ?? (() => 'pass')
  const receivers = await startReceivers({ seed: plan.seed, clock, arrivals: record.arrivals, onTheWay })
  using real = createTransport((node) => servers.nodes[node]!.url, ROOT_KEY)
  const is = { stopped: false, healed: false, over: false }
  const transport = plant.transport?.(real, { record }) ?? real
  try {
    const world = await setUp({ transport: real, record, clock, urlOf: receivers.urlOf })
    const shared: Shared = {
      ...{ seed: plan.seed, nodes: servers.nodes.length, transport, record, clock, world, urlOf: receivers.urlOf },
      ...{ known: [], stopped: () => is.stopped },
    }
    const lanes = Array.from({ length: LANES }, (_, lane) => runLane(shared, lane))
    const pulled = { healed: () => is.healed, over: () => is.over }
    const pullers = Array.from({ length: PULLERS }, (_, lane) => runPuller(shared, lane, pulled))
    await strikeAll(campaign, clock)
    is.stopped = true
    await Promise.all(lanes)
    receivers.heal()
    is.healed = true
    await heal(real, shared)
    const rested = await comeToRest(campaign, real, clock)
    const end = rested ? await readEndState(real, world, record) : null
    is.over = true
    await Promise.all(pullers)
    await endAll(campaign, clock)
    plant.afterEnd?.()
    if (end !== null) record.end = { ...end, verification: await servers.verify() }
  } catch (error) {
    // A node that does not come back, or does not do what it must be asked for: what came until then is judged.
    record.incidents.push({ at: clock(), text: (error as Error).message })
  } finally {
    is.over = true
    is.stopped = true
    await receivers.close()
  }
  return judge(record)
}

async function strikeAll({ plan, servers, record, say }: Campaign, clock: Clock): Promise<void> {
  await sleep(WARM_UP_MS)
  for (const fault of plan.faults) {
    await sleep(fault.afterMs)
    const { kind, node } = fault
    const noted = { kind, node, from: clock(), until: Number.POSITIVE_INFINITY }
    record.faults.push(noted)
    say(`${Math.round(noted.from)} ms, node ${node}: ${FAULTS[kind]}`)
    await servers.strike(fault, (text) => record.incidents.push({ at: clock(), text }))
    noted.until = clock()
  }
  await sleep(WARM_UP_MS)
}

/** Nothing is paused or disabled any more, and no schedule runs; asked for again and again until it is so. */
async function heal(transport: Transport, { world, record }: Shared): Promise<void> {
  const { queueIds, listenerIds } = world
  const put = (path: string, body: object) => insist(transport, path, body)
  for (const [queue, name] of [
    ['plain', 'steady'],
    ['expiring', 'absent'],
  ] as const) {
    await put(`/queues/${queueIds.get(queue)}/listeners/${listenerIds.get(name)}`, { status: 'enabled' })
  }
  await put(`/queues/${queueIds.get('paused')}`, { paused: false })
  for (const schedule of record.schedules) {
    const path = `/queues/${queueIds.get(schedule.queue)}/schedules/${schedule.id}`
    schedule.lastRunAt = await caughtUp(transport, path, schedule.everyMs)
    await put(path, { paused: true })
  }
}

/** The latest due time that has run, once the schedule is no further behind than two periods. Throws where it stays so. */
async function caughtUp(transport: Transport, path: string, everyMs: number): Promise<number> {
  let lastRunAt = Number.NEGATIVE_INFINITY
  const isCaughtUp = async () => {
    const { body, status } = await transport(0, { method: 'GET', path })
    if (status === 200) lastRunAt = body.schedule.last_run_at ?? lastRunAt
    return Date.now() - lastRunAt <= 2 * everyMs
  }
  if (await until(isCaughtUp)) return lastRunAt
  // What it last made, and passed over, says more than that it waits.
  const [{ body: of }, { body: ran }] = await Promise.all([
    transport(0, { method: 'GET', path }),
    transport(0, { method: 'GET', path: `${path}/runs?per_page=3` }),
  ])
  const found = JSON.stringify({ name: of.schedule?.name, next: of.schedule?.next_runs?.[0], runs: ran.runs })
  throw new Error(`${path} stays behind: its latest run was ${lastRunAt}, and it is ${Date.now()}: ${found}`)
}

/** Throws where it is not taken in time. */
async function insist(transport: Transport, path: string, body: object): Promise<void> {
  const isDone = async () => (await transport(0, { method: 'PUT', path, body })).verdict === 'accepted'
  if (!(await until(isDone))) throw new Error(`PUT ${path} was never taken`)
}

/** How long nothing may change while something is left to do. */
const STANDSTILL_MS = 90_000

/** Whether nothing is left to deliver. That something is, and nothing happens any more, is an incident. */
async function comeToRest({ record }: Campaign, transport: Transport, clock: Clock): Promise<boolean> {
  let [left, changedAt] = [Number.POSITIVE_INFINITY, clock()]
  for (;;) {
    const { pending, scheduled } = await readLedger(transport)
    if (pending + scheduled === 0) return true
    if (pending + scheduled !== left) [left, changedAt] = [pending + scheduled, clock()]
    if (clock() - changedAt > STANDSTILL_MS) {
      const text = `${pending} pending and ${scheduled} scheduled are left, and nothing happens to them`
      record.incidents.push({ at: clock(), text })
      return false
    }
    await sleep(200)
  }
}

async function endAll({ servers, record }: Campaign, clock: Clock): Promise<void> {
  const codes = await Promise.all(servers.nodes.map((node) => node.terminate()))
  for (const [node, code] of codes.entries()) {
    if (code !== 0)
      record.incidents.push({ at: clock(), text: `node ${node} was stopped at the end, and ended with ${code}` })
  }
}
