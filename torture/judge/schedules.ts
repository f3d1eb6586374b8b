import type { Arrival, ScheduleRecord } from '../record/record.ts'
import { type Evidence, type Violation, wasClockSet } from './evidence.ts'

/** Each due time made one message, and none made two. */
export function judgeSchedules(evidence: Evidence): Violation[] {
  return evidence.record.schedules.flatMap((schedule) => judgeSchedule(evidence, schedule))
}

function judgeSchedule(evidence: Evidence, schedule: ScheduleRecord): Violation[] {
  const { record, stored } = evidence
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
    ...misnamed(evidence, schedule),
    ...(schedule.overlap === 'skip' ? overlapping(evidence, schedule) : []),
  ]
}

/** What came of the schedule, by the due time that its message stands for. */
function arrivalsOf(
  { record, arrivals }: Evidence,
  { id }: ScheduleRecord,
): { dueAt: number; own: readonly Arrival[] }[] {
  return (record.end?.runs[id] ?? [])
    .map(({ dueAt, messageId }) => ({ dueAt, own: arrivals.get(messageId ?? '') ?? [] }))
    .sort((one, other) => one.dueAt - other.dueAt)
}

/** Each delivery says which schedule and which due time it is of, and has the headers of the schedule. */
function misnamed(evidence: Evidence, schedule: ScheduleRecord): Violation[] {
  const { name, token, header } = schedule
  return arrivalsOf(evidence, schedule).flatMap(({ dueAt, own }) =>
    own
      .filter(({ schedule: said }) => said?.name !== name || said.dueAt !== dueAt || said.own !== header)
      .map(({ messageId, listenerId, schedule: said }) => {
        const text = `${name}: ${messageId} of ${dueAt} says that it is ${JSON.stringify(said)}`
        return { kind: 'due time misnamed', text, messageId, token, listenerId }
      }),
  )
}

/** Where due times do not overlap, none comes before the one in front of it was acknowledged. */
function overlapping(evidence: Evidence, schedule: ScheduleRecord): Violation[] {
  const { name, token } = schedule
  // A clock that is set back makes due times that lie before those that were made already.
  if (wasClockSet(evidence.record)) return []
  const runs = arrivalsOf(evidence, schedule).filter(({ own }) => own.length > 0)
  return runs.flatMap(({ dueAt, own: [first] }, index) => {
    const before = runs[index - 1]?.own.find(({ outcome }) => outcome === 'acknowledged')
    if (before === undefined || before.at <= first!.at) return []
    const text = `${name}: the message of ${dueAt} came before the one in front of it was acknowledged`
    return [{ kind: 'overlapping', text, token, messageId: first!.messageId, listenerId: first!.listenerId }]
  })
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
