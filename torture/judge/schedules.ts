import type { ScheduleRecord } from '../record/record.ts'
import type { Evidence, Violation } from './evidence.ts'

/** Each due time made one message, and none made two. */
export function judgeSchedules(evidence: Evidence): Violation[] {
  return evidence.record.schedules.flatMap((schedule) => judgeSchedule(evidence, schedule))
}

function judgeSchedule({ record, stored }: Evidence, schedule: ScheduleRecord): Violation[] {
  const { name, token } = schedule
  const runs = record.end?.runs[schedule.id] ?? []
  const made = runs.map(({ messageId }) => messageId).filter((id) => id !== null)
  const messages = [...stored.values()].filter((message) => message.token === token).map(({ id }) => id)
  const twice = (what: string, messageId?: string): Violation => {
    return { kind: 'due time twice', text: `${name}: ${what}`, token, messageId }
  }
  const lacking = made.filter((id) => !stored.has(id))
  return [
    ...repeated(runs.map(({ dueAt }) => dueAt)).map((dueAt) => twice(`the due time ${dueAt} ran twice`)),
    ...repeated(made).map((id) => twice(`${id} stands for two due times`, id)),
    ...[...new Set(messages).difference(new Set(made))].map((id) => twice(`${id} belongs to no due time`, id)),
    ...lacking.map(
      (id): Violation => ({ kind: 'lost', text: `${name}: ${id} of a run is not there`, token, messageId: id }),
    ),
    ...(schedule.catchUp === 'all' && record.end !== null
      ? leftOut(schedule, new Set(runs.map(({ dueAt }) => dueAt)))
      : []),
  ]
}

/** Where all are caught up, each multiple of the period since its creation has run. */
function leftOut(
  { name, token, createdAt, lastRunAt, everyMs }: ScheduleRecord,
  ran: ReadonlySet<number>,
): Violation[] {
  const count = Math.max(0, Math.floor((lastRunAt - createdAt) / everyMs))
  return Array.from({ length: count }, (_, index) => createdAt + (index + 1) * everyMs)
    .filter((dueAt) => !ran.has(dueAt))
    .map((dueAt) => ({ kind: 'due time left out', text: `${name}: the due time ${dueAt} never ran`, token }))
}

function repeated<Value>(values: readonly Value[]): Value[] {
  return [...Map.groupBy(values, (value) => value)].filter(([, same]) => same.length > 1).map(([value]) => value)
}
