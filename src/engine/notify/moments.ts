import type { QueueDirectory } from '../../app/caches/queue-directory.ts'
import type { Listener } from '../../core/delivery/listener.ts'
import type { LivenessState } from '../../core/delivery/liveness.ts'
import { MinuteThrottle } from '../../core/notification/minute-throttle.ts'
import type { Schedule } from '../../core/schedule/schedule.ts'
import type { EngineCounters } from '../../core/telemetry/counters.ts'
import { LIMIT_NAMES, type Quota } from '../../core/tenant/organization.ts'
import type { Runtime } from '../../runtime.ts'
import type { Store } from '../../store/store.ts'

/** Lines in a minute; what is beyond them is counted, and told as one. */
const PER_MINUTE = 60
/** Listeners and schedules of which something waits to be told; more than these are counted alone. */
const MAX_WAITING = 1_000
/** Listeners that are known to be down; of more, the log does not tell that they are back. */
const MAX_DOWN = 10_000

/** What this node has seen happen, for its log. Each call is cheap, and never throws or waits. */
export interface Moments {
  state(listenerId: string, state: LivenessState): void
  missed(listenerId: string): void
  disabled(listener: Pick<Listener, 'id' | 'name' | 'organizationId' | 'queueId'>, reason: string): void
  scheduleFailed(
    schedule: Pick<Schedule, 'id' | 'name' | 'organizationId' | 'queueId'>,
    dueAt: number,
    error: string,
  ): void
  quotaReached(organizationId: string, reached: { limit: Quota; value: number }): void
}

/** For what is made without a log, as in tests of its parts. */
export const NO_MOMENTS: Moments = {
  state: () => undefined,
  missed: () => undefined,
  disabled: () => undefined,
  scheduleFailed: () => undefined,
  quotaReached: () => undefined,
}

interface Line {
  level: 'warn' | 'info'
  type: string
  /** Whose line it is: of one type and subject there is one a minute. */
  subject: string
  message: string
  fields(): Promise<object>
}

/**
 * Keeps what has happened until the next tick, which writes it to the log by names: a listener that went down or is back, what it
 * missed, one that was disabled, a schedule that failed, a limit that was reached.
 */
export function createMoments(deps: {
  store: Pick<Store, 'listeners'>
  directory: Pick<QueueDirectory, 'load'>
  runtime: Pick<Runtime, 'now' | 'log'>
  counters: Pick<EngineCounters, 'failedScheduleRuns'>
}): Moments & { tick(): Promise<number> } {
  const { store, runtime } = deps
  const throttle = new MinuteThrottle(PER_MINUTE)
  const down = new Set<string>()
  const states = new Map<string, LivenessState>()
  const missed = new Map<string, number>()
  const others = new Map<string, Line>()
  const hasRoom = (of: ReadonlyMap<string, unknown>, key: string) => of.has(key) || of.size < MAX_WAITING

  async function queueFields(organizationId: string, queueId: string): Promise<object> {
    const route = await deps.directory.load(organizationId, queueId)
    return { queue: route?.queue.name, queueId, organizationId }
  }

  async function listenerFields(listenerId: string): Promise<object> {
    const listener = await store.listeners.find(listenerId)
    if (listener === null) return { listenerId }
    const { organizationId, queueId, name } = listener
    return { listener: name, listenerId, ...(await queueFields(organizationId, queueId)) }
  }

  function add(line: Line): void {
    const key = `${line.type} ${line.subject}`
    if (hasRoom(others, key)) others.set(key, line)
  }

  function ofListener(
    level: Line['level'],
    type: string,
    listenerId: string,
    message: string,
    more: object = {},
  ): Line {
    const fields = async () => ({ ...(await listenerFields(listenerId)), ...more })
    return { level, type, subject: listenerId, message, fields }
  }

  /** Writes a line where one may be written now; false: it is to wait. */
  async function write({ level, type, subject, message, fields }: Line): Promise<boolean> {
    const admitted = throttle.admit(`${type} ${subject}`, runtime.now())
    if (admitted === 'told') runtime.log[level]({ type, ...(await fields()) }, message)
    return admitted !== 'waits'
  }

  async function writeStates(): Promise<void> {
    for (const [id, state] of states) {
      if (state === 'down' && !down.has(id)) {
        if (!(await write(ofListener('warn', 'listener.down', id, 'a listener is down')))) continue
        if (down.size < MAX_DOWN) down.add(id)
      } else if (state !== 'down' && state !== 'unknown' && down.has(id)) {
        if (!(await write(ofListener('info', 'listener.up', id, 'a listener is back')))) continue
        down.delete(id)
      }
      // It may have become another meanwhile, which is told with the next tick.
      if (states.get(id) === state) states.delete(id)
    }
  }

  async function writeMissed(): Promise<void> {
    for (const [id, count] of missed) {
      const line = ofListener('warn', 'deliveries.missed', id, 'deliveries were missed: their retries are used up', {
        count,
      })
      if (!(await write(line))) continue
      const left = missed.get(id)! - count
      if (left > 0) missed.set(id, left)
      else missed.delete(id)
    }
  }

  return {
    state(listenerId, state) {
      if (state !== 'down' && !down.has(listenerId)) states.delete(listenerId)
      else if (hasRoom(states, listenerId)) states.set(listenerId, state)
    },
    missed(listenerId) {
      if (hasRoom(missed, listenerId)) missed.set(listenerId, (missed.get(listenerId) ?? 0) + 1)
    },
    disabled({ id, name, organizationId, queueId }, reason) {
      const fields = async () => ({
        listener: name,
        listenerId: id,
        ...(await queueFields(organizationId, queueId)),
        reason,
      })
      add({ level: 'warn', type: 'listener.disabled', subject: id, message: 'a listener was disabled', fields })
    },
    scheduleFailed({ id, name, organizationId, queueId }, dueAt, error) {
      deps.counters.failedScheduleRuns += 1
      const own = { schedule: name, scheduleId: id, dueAt, error }
      const fields = async () => ({ ...own, ...(await queueFields(organizationId, queueId)) })
      add({
        level: 'warn',
        type: 'schedule.failed',
        subject: id,
        message: 'a run of a schedule made no message',
        fields,
      })
    },
    quotaReached(organizationId, { limit, value }) {
      const fields = async () => ({ organizationId, quota: LIMIT_NAMES[limit], limit: value })
      const message = 'an organization has used up one of its limits'
      add({ level: 'warn', type: 'quota.reached', subject: `${organizationId} ${limit}`, message, fields })
    },
    async tick() {
      const count = throttle.suppressed(runtime.now())
      if (count > 0) runtime.log.warn({ type: 'suppressed', count }, 'more happened in the minute before than was told')
      await writeStates()
      await writeMissed()
      for (const [key, line] of others) if (await write(line)) others.delete(key)
      return 0
    },
  }
}
