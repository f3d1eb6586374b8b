import { quoted } from '../schema/fault-list.ts'

/** What other schedulers' users write, as the six fields that croner reads; or what to write instead. */
export type Translated =
  | {
      fields: string[]
      /** `L-3`, of which croner knows nothing. */
      daysBeforeLast: number[]
      /** The day of the month names nothing else: croner was given the last one in its place. */
      nothingElse: boolean
    }
  | { fault: string }

const MACROS: Record<string, string> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
}

const COUNT = 'must have 5 fields (minute, hour, day of month, month, day of week), or 6 with the second before them'

/** Other ways to say when, and what says it here; the first that fits. */
const REFUSALS: [RegExp, string][] = [
  [/^@every\b/i, "has @every, which is the schedule's own every, in milliseconds: 300000 for five minutes"],
  [/^@reboot\b/i, 'has @reboot, and a schedule knows no start of a machine; at is for what happens once'],
  [/^@/, `is no macro; there are ${Object.keys(MACROS).join(', ')}`],
  [/^rate\(/i, "is a rate, which is the schedule's own every, in milliseconds: 300000 for five minutes"],
  [/^at\(/i, "is one moment, which is the schedule's own at, in milliseconds since the Unix epoch"],
  [/^cron\(/i, 'must be the fields alone, without cron(…) and the year, such as 0 12 * * ?'],
  [/^P[\dT]/, "is a period, which is the schedule's own every"],
  [
    /(^|\s)(\*|\d{4})-(\*|\d{1,2})-|\d:\d|\.\.|^(minutely|hourly|daily|weekly|monthly|quarterly|semiannually|yearly|annually)$/i,
    'is a calendar event of systemd; written here as 0 9 * * MON-FRI, say, for Mon..Fri 09:00',
  ],
  [/(^|\s)H([\s/(]|$)/, 'has H, which stands for some number in Jenkins; write the number'],
  [/~/, 'has ~, which stands for some number in other crons; write the number'],
]

interface Field {
  min: number
  max: number
  names?: readonly string[]
}
const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC']
const WEEKDAYS = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT']
const FIELDS: readonly Field[] = [
  { min: 0, max: 59 },
  { min: 0, max: 59 },
  { min: 0, max: 23 },
  { min: 1, max: 31 },
  { min: 1, max: 12, names: MONTHS },
  { min: 0, max: 6, names: WEEKDAYS },
]
const [DAY_OF_MONTH, DAY_OF_WEEK] = [3, 5]

const ZONE = /^(?:CRON_TZ|TZ)=(\S*)\s+(.*)$/s

/** The zone that an expression names before its fields (`CRON_TZ=Europe/Berlin`), and the rest of it. */
export function splitZone(text: string): { zone: string | null; text: string } {
  const found = ZONE.exec(text.trim())
  return found === null ? { zone: null, text } : { zone: found[1]!, text: found[2]! }
}

/** The fields as croner reads them, the second first. What it knows itself, wrong or right, is left to it. */
export function translated(text: string): Translated {
  const plain = MACROS[text.trim().toLowerCase()] ?? text.trim()
  const refusal = REFUSALS.find(([pattern]) => pattern.test(plain))
  if (refusal !== undefined) return { fault: refusal[1] }
  const given = plain.split(/\s+/)
  if (given.length === FIELDS.length + 1) {
    return { fault: `${COUNT}; there is no year, for which starts_at and ends_at are` }
  }
  if (given.length < FIELDS.length - 1 || given.length > FIELDS.length) return { fault: COUNT }
  const fields = given.length === FIELDS.length ? given : ['0', ...given]
  const daysBeforeLast: number[] = []
  const read = fields.map((field, index) => fieldOf(field, index, daysBeforeLast))
  const fault = read.find((it) => typeof it !== 'string')
  if (fault !== undefined) return fault as { fault: string }
  const others = fields[DAY_OF_MONTH]!.split(',').filter((item) => !/^L-\d/i.test(item))
  return { fields: read as string[], daysBeforeLast, nothingElse: others.length === 0 }
}

function fieldOf(field: string, index: number, daysBeforeLast: number[]): string | { fault: string } {
  // A plus before the day of the week is croner's: both days must fit.
  const plus = index === DAY_OF_WEEK && field.startsWith('+') ? '+' : ''
  const items = field.slice(plus.length).split(',')
  const kept: string[] = []
  for (const item of items) {
    const offset = index === DAY_OF_MONTH ? /^L-(\d+)(W?)$/i.exec(item) : null
    if (offset === null) kept.push(itemOf(item, index))
    else if (offset[2] !== '') return { fault: `has ${quoted(item)}; there are L-3 and LW, and not both together` }
    else if (Number(offset[1]) > 30) return { fault: `has ${quoted(item)}; L-0 to L-30 are days before the last` }
    else daysBeforeLast.push(Number(offset[1]))
  }
  return kept.length > 0 ? plus + kept.join(',') : 'L'
}

/** One item of a list. */
function itemOf(item: string, index: number): string {
  const field = FIELDS[index]!
  if (item === '*/1') return '*'
  if (index === DAY_OF_WEEK && /^([0-7]|[A-Z]{3})L$/i.test(item)) return `${item.slice(0, -1)}#L`
  const found = /^(\w+)(?:-(\w+))?(?:\/(\d+))?$/.exec(item)
  if (found === null) return item
  const [, first, last, step] = found
  const from = valueIn(first!, field, index)
  const to = last === undefined ? null : valueIn(last, field, index)
  if (from === null || (last !== undefined && to === null)) return item
  if (last === undefined)
    return step === undefined ? item : `${from > field.max ? field.min : from}-${field.max}/${step}`
  // Croner takes the last Sunday of SUN-SUN for the end of the week, and so reads every day.
  if (to === from) return `${from}-${to}${step === undefined ? '' : `/${step}`}`
  return to! < from ? wrapped(from, to!, Number(step ?? 1), field, item) : item
}

/** Values from one to a smaller one, by way of the field's end, as a list. */
function wrapped(from: number, to: number, step: number, { min, max }: Field, item: string): string {
  if (step === 0) return item
  const size = max - min + 1
  const values: number[] = []
  for (let ahead = 0; ahead <= to + size - from; ahead += step) values.push(min + ((from - min + ahead) % size))
  return values.join(',')
}

function valueIn(text: string, { min, max, names }: Field, index: number): number | null {
  const name = names?.indexOf(text.toUpperCase()) ?? -1
  if (name !== -1) return min + name
  if (!/^\d{1,2}$/.test(text)) return null
  const value = Number(text)
  // Sunday may be a 7, and a range up to it is croner's own.
  const top = index === DAY_OF_WEEK ? 7 : max
  return value >= min && value <= top ? value : null
}
