import {
  type Behaviour,
  HANGING_TIMEOUT_MS,
  OWN_HEADER,
  PATIENT,
  type PlannedListener,
  type PlannedSchedule,
  QUEUES,
  SCHEDULES,
  TIMEOUT_MS,
} from '../plan/world.ts'
import type { Call, CampaignRecord, ListenerRecord } from '../record/record.ts'
import type { Clock } from './clock.ts'
import type { ApiRequest, Transport } from './transport.ts'

/** Ids of what every campaign has. */
export interface World {
  queueIds: Map<string, string>
  listenerIds: Map<string, string>
}

type Deps = { transport: Transport; record: CampaignRecord; clock: Clock; urlOf: (behaviour: Behaviour) => string }

/** Makes the queues, listeners and schedules. Throws where the server does not take one: nothing has happened to it yet. */
export async function setUp(deps: Deps): Promise<World> {
  const world: World = { queueIds: new Map(), listenerIds: new Map() }
  for (const { name, listeners, schema } of QUEUES) {
    const props = { t: { type: 'string' }, n: { type: 'number', required: false } }
    const body = { name, ...(schema && { schema: props }) }
    const { queue } = await expectDone(deps.transport, { method: 'POST', path: '/queues', body })
    world.queueIds.set(name, queue.id)
    for (const listener of listeners) {
      const made = await makeListener(deps, { queue: name, queueId: queue.id }, listener)
      if (made === null) throw new Error(`the listener ${listener.name} was not made`)
      world.listenerIds.set(listener.name, made.id)
    }
  }
  for (const schedule of SCHEDULES) await makeSchedule(deps, world, schedule)
  return world
}

/** Makes a listener and records it; null where the answer did not say its id. */
export async function makeListener(
  { transport, record, clock, urlOf }: Deps,
  { queue, queueId }: { queue: string; queueId: string },
  planned: PlannedListener,
  node = 0,
): Promise<ListenerRecord | null> {
  const { name, ordering = 'none', pull = false, maxAttempts = PATIENT, behaviour, color = null, absent } = planned
  const retry = { max_attempts: maxAttempts, initial_delay: 50, max_delay: 500, multiplier: 2 }
  const timeoutMs = behaviour === 'hanging' ? HANGING_TIMEOUT_MS : TIMEOUT_MS
  const push = { notify_url: urlOf(behaviour), timeout: timeoutMs }
  const filter = color !== null && { filter: { data: { c: color } } }
  const body = { name, ordering, retry, ...(!pull && push), ...filter, ...(absent && { status: 'disabled' }) }
  const askedAt = clock()
  const answer = await transport(node, { method: 'POST', path: `/queues/${queueId}/listeners`, body })
  if (answer.verdict !== 'accepted') return null
  const created: Call = { askedAt, answeredAt: clock(), verdict: 'accepted' }
  const listener: ListenerRecord = {
    id: answer.body.listener.id,
    ...{ name, queue, ordering, pull, color, timeoutMs, created },
    mayMiss: maxAttempts < PATIENT,
    deleted: null,
  }
  record.listeners.push(listener)
  return listener
}

async function makeSchedule(
  { transport, record }: Deps,
  world: World,
  { queue, ...options }: PlannedSchedule,
): Promise<void> {
  const { name, every: everyMs, catch_up: catchUp, overlap = 'allow', headers } = options
  const token = `schedule-${name}`
  const body = { ...options, data: JSON.stringify({ t: token }) }
  const path = `/queues/${world.queueIds.get(queue)}/schedules`
  const { schedule } = await expectDone(transport, { method: 'POST', path, body })
  const times = { createdAt: schedule.created_at, lastRunAt: schedule.created_at }
  const header = headers?.[OWN_HEADER.name] ?? null
  record.schedules.push({ id: schedule.id, queue, name, token, everyMs, catchUp, overlap, header, ...times })
}

/** The body of the answer. Throws where it is no 200. */
export async function expectDone(transport: Transport, request: ApiRequest) {
  const { status, body } = await transport(0, request)
  if (status !== 200)
    throw new Error(`${request.method} ${request.path} was answered ${status}: ${JSON.stringify(body)}`)
  return body
}
