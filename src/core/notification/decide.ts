import { type Candidate, candidatesOf } from './candidates.ts'
import type { Notification } from './notification.ts'
import type { Standing } from './standing.ts'
import { nothingTold, type Told } from './told.ts'

const MINUTE_MS = 60_000
/** Notifications of an organization in a minute; what is beyond them is counted, and told as one. */
const PER_MINUTE = 60

export interface Decision {
  notifications: Notification[]
  /** What the organization has been told once these are stored; null where nothing has changed. */
  told: Told | null
}

/**
 * What is to be told of how an organization stands, by what it has been told: each incident once, of one type and subject at
 * most one a minute (the next one waits for its end), and 60 in all, of which the rest is told as one `suppressed` with their
 * number in the next minute. At most `most` at a time; what is left comes with the next decision.
 *
 * The first decision of a queue tells what goes on, and not what was long over: what was missed, failed or disabled before.
 */
export function decide(before: Told | null, standing: Standing, ask: { queueId: string; most: number }): Decision {
  const isFirst = before === null || before.incidents.queueId !== ask.queueId
  const told = isFirst ? firstTold(ask.queueId, standing) : structuredClone(before)
  forgetOver(told, standing)
  const candidates = candidatesOf(told, standing)
  const { now } = standing
  beginMinute(told, now)
  const notifications: Notification[] = []
  if (told.suppressed > 0 && told.count === 0) {
    notifications.push({ type: 'suppressed', details: { count: told.suppressed } })
    told.suppressed = 0
  }
  for (const candidate of candidates) {
    if (notifications.length >= ask.most) break
    const notification = admitted(told, candidate, now)
    if (notification !== null) notifications.push(notification)
  }
  const isNews = isFirst || JSON.stringify(told.incidents) !== JSON.stringify(before.incidents)
  return { notifications, told: isNews || notifications.length > 0 ? told : null }
}

/** Remembers it as told, and answers with what is told of it; null: it waits, or is one of those that are counted alone. */
function admitted(told: Told, { notification, subject, remember }: Candidate, now: number): Notification | null {
  const key = `${notification.type} ${subject}`
  if (Object.hasOwn(told.lastAt, key)) return null
  told.lastAt[key] = now
  remember(told)
  if (told.count >= PER_MINUTE) {
    told.suppressed += 1
    return null
  }
  told.count += 1
  return notification
}

function beginMinute(told: Told, now: number): void {
  const minute = Math.floor(now / MINUTE_MS)
  if (told.minute !== minute) {
    told.minute = minute
    told.count = 0
  }
  for (const [key, at] of Object.entries(told.lastAt)) {
    // A clock that was set back must not keep anything from being told.
    if (now < at || now - at >= MINUTE_MS) delete told.lastAt[key]
  }
}

/** Incidents that end without a word: what is enabled again, gone, redelivered, or has room. */
function forgetOver({ incidents }: Told, { listeners, schedules, quotas }: Standing): void {
  const byId = new Map(listeners.map((listener) => [listener.id, listener]))
  incidents.down = incidents.down.filter((id) => byId.has(id))
  incidents.disabled = incidents.disabled.filter((id) => byId.get(id)?.isDisabled)
  for (const [id, count] of Object.entries(incidents.missed)) {
    const left = Math.min(count, byId.get(id)?.missed ?? 0)
    if (left === 0) delete incidents.missed[id]
    else incidents.missed[id] = left
  }
  const failing = new Set(schedules.map(({ id }) => id))
  for (const id of Object.keys(incidents.failed)) if (!failing.has(id)) delete incidents.failed[id]
  const reached = new Set<string>(quotas.map(({ quota }) => quota))
  incidents.quotas = incidents.quotas.filter((quota) => reached.has(quota))
}

function firstTold(queueId: string, { listeners, schedules }: Standing): Told {
  const told = nothingTold(queueId)
  for (const { id, isDisabled, missed } of listeners) {
    if (isDisabled) told.incidents.disabled.push(id)
    if (missed > 0) told.incidents.missed[id] = missed
  }
  for (const { id, dueAt } of schedules) told.incidents.failed[id] = dueAt
  return told
}
