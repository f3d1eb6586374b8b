import { headersOf } from '../message/headers.ts'
import type { Schedule } from './schedule.ts'

/**
 * What a message that a schedule makes has as its headers, as JSON: those of the schedule, its name, and the due time
 * (RFC 3339, in UTC), so that a receiver of several messages that are caught up knows which is which. Null as `dueAt`: the
 * message is made by hand, for no due time. They are the message's, so that every attempt and redelivery has the same,
 * whatever has become of the schedule since.
 */
export function scheduledHeaders({ headers, name }: Pick<Schedule, 'headers' | 'name'>, dueAt: number | null): string {
  const own = headers === null ? {} : headersOf(headers)
  const due = dueAt === null ? {} : { 'discue-due-at': new Date(dueAt).toISOString() }
  return JSON.stringify({ ...own, 'discue-schedule': name, ...due })
}
