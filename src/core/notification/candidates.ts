import { LIMIT_NAMES } from '../tenant/organization.ts'
import type { Notification } from './notification.ts'
import type { ListenerStanding, Standing } from './standing.ts'
import type { Told } from './told.ts'

/** Something that is new: what would be told, of what, and how that is remembered. */
export interface Candidate {
  notification: Notification
  subject: string
  remember(told: Told): void
}

/** All that has happened since `told`, what is worst first. */
export function candidatesOf(told: Told, standing: Standing): Candidate[] {
  const [down, disabled] = [new Set(told.incidents.down), new Set(told.incidents.disabled)]
  return [
    ...standing.listeners.flatMap((listener) => ofListener(told, { down, disabled }, listener)),
    ...ofSchedules(told, standing),
    ...ofQueues(told, standing),
    ...ofQuotas(told, standing),
  ]
}

interface KnownListeners {
  down: ReadonlySet<string>
  disabled: ReadonlySet<string>
}

function ofListener({ incidents }: Told, known: KnownListeners, listener: ListenerStanding): Candidate[] {
  const { id, name, queue, isDisabled, state, missed } = listener
  const candidate = (
    type: Notification['type'],
    details: Notification['details'],
    remember: Candidate['remember'],
  ): Candidate => ({
    notification: { type, queue, listener: { id, name }, details },
    subject: id,
    remember,
  })
  const found: Candidate[] = []
  const wasDown = known.down.has(id)
  if (state === 'down' && !isDisabled && !wasDown) {
    found.push(candidate('listener.down', {}, (told) => void told.incidents.down.push(id)))
  }
  // One that is disabled, or of which nothing is known, is not back.
  if (wasDown && !isDisabled && (state === 'stable' || state === 'unstable')) {
    found.push(candidate('listener.up', {}, (told) => void remove(told.incidents.down, id)))
  }
  if (isDisabled && !known.disabled.has(id)) {
    found.push(candidate('listener.disabled', {}, (told) => void told.incidents.disabled.push(id)))
  }
  const count = missed - (incidents.missed[id] ?? 0)
  if (count > 0) {
    const remember = (told: Told) => {
      told.incidents.missed[id] = missed
    }
    found.push(candidate('deliveries.missed', { count }, remember))
  }
  return found
}

function ofSchedules({ incidents }: Told, { schedules }: Standing): Candidate[] {
  return schedules
    .filter(({ id, dueAt }) => incidents.failed[id] !== dueAt)
    .map(({ id, name, queue, dueAt, error }) => ({
      notification: { type: 'schedule.failed', queue, schedule: { id, name }, details: { due_at: dueAt, error } },
      subject: id,
      remember(told) {
        told.incidents.failed[id] = dueAt
      },
    }))
}

function ofQueues({ incidents }: Told, { queues }: Standing): Candidate[] {
  const begun = queues.flatMap(({ id, name, dueAt }): Candidate[] => {
    if (dueAt === null || Object.hasOwn(incidents.backlog, id)) return []
    const remember = (told: Told) => {
      told.incidents.backlog[id] = name
    }
    return [
      {
        notification: { type: 'queue.backlog', queue: { id, name }, details: { oldest_due_at: dueAt } },
        subject: id,
        remember,
      },
    ]
  })
  const overdue = new Set(queues.map(({ id }) => id))
  const over = Object.entries(incidents.backlog)
    .filter(([id]) => !overdue.has(id))
    .map(
      ([id, name]): Candidate => ({
        notification: { type: 'queue.recovered', queue: { id, name }, details: {} },
        subject: id,
        remember(told) {
          delete told.incidents.backlog[id]
        },
      }),
    )
  return [...begun, ...over]
}

function ofQuotas({ incidents }: Told, { quotas }: Standing): Candidate[] {
  return quotas
    .filter(({ quota }) => !incidents.quotas.includes(quota))
    .map(({ quota, limit }) => ({
      notification: { type: 'quota.reached', details: { quota: LIMIT_NAMES[quota], limit } },
      subject: quota,
      remember: (told) => void told.incidents.quotas.push(quota),
    }))
}

function remove(list: string[], entry: string): void {
  list.splice(list.indexOf(entry), 1)
}
