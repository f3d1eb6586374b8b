/**
 * What a cron expression means, read a second time from the documentation and not from the source: whether a second that
 * clocks show is one of its. It reads only what is valid.
 */
export interface CronMeaning {
  /** Whether some second of this minute of the day is one of its, on a day that is. */
  inMinute(hour: number, minute: number): boolean
  inSecond(second: number): boolean
  onDay(year: number, month: number, day: number): boolean
}

const NAMES = 'JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC'.split(' ')
const DAYS = 'SUN MON TUE WED THU FRI SAT'.split(' ')
const MACROS = new Map([
  ['@YEARLY', '0 0 1 JAN ?'],
  ['@ANNUALLY', '0 0 1 JAN ?'],
  ['@MONTHLY', '0 0 1 * ?'],
  ['@WEEKLY', '0 0 ? * SUN'],
  ['@DAILY', '0 0 * * *'],
  ['@MIDNIGHT', '0 0 * * *'],
  ['@HOURLY', '0 * * * *'],
])

export function cronMeaning(text: string): CronMeaning {
  const upper = text.trim().toUpperCase()
  const parts = (MACROS.get(upper) ?? upper).split(/\s+/)
  const [second, minute, hour, date, month, weekday] = parts.length === 5 ? ['0', ...parts] : parts
  const inSecond = numbers(second!, 0, 59)
  const inMinute = numbers(minute!, 0, 59)
  const inHour = numbers(hour!, 0, 23)
  const inMonth = numbers(month!, 1, 12, (name) => NAMES.indexOf(name) + 1)
  const onDate = anyOf(date!, dateRule)
  const both = weekday!.startsWith('+')
  const onWeekday = anyOf(weekday!.replace('+', ''), weekdayRule)
  const isOpen = (field: string) => field === '*' || field === '?' || field === '*/1'
  const eitherWillDo = !both && !isOpen(date!) && !isOpen(weekday!)
  return {
    inMinute: (h, m) => inHour(h) && inMinute(m),
    inSecond,
    onDay(y, m, d) {
      if (!inMonth(m)) return false
      const [byDate, byWeekday] = [onDate(y, m, d), onWeekday(y, m, d)]
      return eitherWillDo ? byDate || byWeekday : byDate && byWeekday
    },
  }
}

type DayRule = (year: number, month: number, day: number) => boolean

function anyOf(field: string, ruleOf: (item: string) => DayRule): DayRule {
  const rules = field.split(',').map(ruleOf)
  return (year, month, day) => rules.some((rule) => rule(year, month, day))
}

function dateRule(item: string): DayRule {
  const back = /^L-(\d+)$/.exec(item)
  if (item === 'L') return (year, month, day) => day === lengthOf(year, month)
  if (item === 'LW') return (year, month, day) => day === workdayNear(year, month, lengthOf(year, month))
  if (back !== null) return (year, month, day) => day === lengthOf(year, month) - Number(back[1])
  if (item.endsWith('W')) {
    const wanted = Number.parseInt(item, 10)
    return (year, month, day) => wanted <= lengthOf(year, month) && day === workdayNear(year, month, wanted)
  }
  const fits = numbers(item, 1, 31)
  return (_year, _month, day) => fits(day)
}

function weekdayRule(item: string): DayRule {
  const last = /^(.+?)(?:#L|L)$/.exec(item)
  const nth = /^(.+)#([1-5])$/.exec(item)
  const fits = numbers(last?.[1] ?? nth?.[1] ?? item, 0, 6, (name) => DAYS.indexOf(name), 7)
  return (year, month, day) => {
    if (!fits(weekdayOf(year, month, day))) return false
    if (last !== null) return day + 7 > lengthOf(year, month)
    return nth === null || (day > 7 * (Number(nth[2]) - 1) && day <= 7 * Number(nth[2]))
  }
}

/** Whether a value is in a list of numbers, ranges and steps. `top` is read as `min`, as a Sunday may be a 7. */
function numbers(field: string, min: number, max: number, named: (name: string) => number = () => -1, top?: number) {
  const numberOf = (text: string) => (/^\d+$/.test(text) ? Number(text) : named(text))
  const wanted = new Set<number>()
  for (const item of field.split(',')) {
    const [range, by] = item.split('/')
    const [first, last] = range!.split('-')
    const isAny = first === '*' || first === '?'
    const from = isAny ? min : numberOf(first!)
    const to = last !== undefined ? numberOf(last) : isAny || by !== undefined ? max : from
    const step = Number(by ?? 1)
    // From the first value upwards, beyond the end at the beginning, until the last one has been passed.
    const start = from === top && to !== top ? min : from
    const size = max - min + 1
    for (let ahead = 0; ahead <= (to < start ? to + size : to) - start; ahead += step) {
      wanted.add(min + ((start - min + ahead) % size))
    }
  }
  return (value: number) => wanted.has(value)
}

function lengthOf(year: number, month: number): number {
  return new Date(Date.UTC(year, month, 0)).getUTCDate()
}

function weekdayOf(year: number, month: number, day: number): number {
  return new Date(Date.UTC(year, month - 1, day)).getUTCDay()
}

/** Monday to Friday, as near as there is one within the month. */
function workdayNear(year: number, month: number, day: number): number {
  const isWorkday = (it: number) =>
    it >= 1 && it <= lengthOf(year, month) && ![0, 6].includes(weekdayOf(year, month, it))
  return [day, day - 1, day + 1, day - 2, day + 2].find(isWorkday)!
}
