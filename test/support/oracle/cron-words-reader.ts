import type { CronMeaning } from './cron-meaning.ts'

/** What an English sentence about a cron expression means, read as a person would. Throws where a part says nothing known. */
export function readWords(sentence: string): CronMeaning {
  const text = sentence.charAt(0).toLowerCase() + sentence.slice(1)
  const found = /^(.+?)(?: every day| on (?!the hour)(.+?))?(?:, in ([A-Z].+))?$/.exec(text)!
  const [, times, days, months] = found
  const inMonth = months === undefined ? () => true : among(months, (name) => MONTHS.indexOf(name) + 1)
  const onDay = days === undefined ? () => true : readDays(days)
  return { ...readTimes(times!), onDay: (year, month, day) => inMonth(month) && onDay(year, month, day) }
}

const MONTHS = 'January February March April May June July August September October November December'.split(' ')
const WEEKDAYS = 'Sunday Monday Tuesday Wednesday Thursday Friday Saturday'.split(' ')
type Times = Pick<CronMeaning, 'inMinute' | 'inSecond'>

function readTimes(text: string): Times {
  const isWholeMinute = (second: number) => second === 0
  if (/^at \d\d:/.test(text)) return readClockTimes(text)
  const hourly = /^every (?:(\d+) hours|hour), on the hour$/.exec(text)
  if (hourly !== null) {
    const step = Number(hourly[1] ?? 1)
    return { inMinute: (hour, minute) => minute === 0 && hour % step === 0, inSecond: isWholeMinute }
  }
  const span = /^every hour from (\d\d):(\d\d) to (\d\d):\2$/.exec(text)
  if (span !== null) {
    const [first, at, last] = span.slice(1).map(Number)
    const inMinute = (hour: number, minute: number) => minute === at && hour >= first! && hour <= last!
    return { inMinute, inSecond: isWholeMinute }
  }
  const seconds = /^(every (?:\d+ )?seconds?|at seconds? [\d, tonad]+?)(?: of (every minute.*|minutes? .+))?$/.exec(
    text,
  )
  if (seconds === null) return { inMinute: readMinutes(text), inSecond: isWholeMinute }
  return { inMinute: readMinutes(seconds[2] ?? 'every minute'), inSecond: readUnit(seconds[1]!, 'second') }
}

function readClockTimes(text: string): Times {
  const times = itemsOf(text.slice('at '.length)).map((time) => time.split(':').map(Number))
  return {
    inMinute: (hour, minute) => times.some((time) => time[0] === hour && time[1] === minute),
    inSecond: (second) => times.some((time) => (time[2] ?? 0) === second),
  }
}

function readMinutes(text: string): CronMeaning['inMinute'] {
  const found = /^(.+?)(?: of every hour| in the hours? (.+)| from (\d\d):(\d\d) to (\d\d):(\d\d))?$/.exec(text)!
  const inMinute = readUnit(found[1]!, 'minute')
  const [from, fromMinute, to, toMinute] = found.slice(3).map(Number)
  if (found[2] !== undefined) {
    const inHour = among(found[2], Number)
    return (hour, minute) => inHour(hour) && inMinute(minute)
  }
  if (found[3] === undefined) return (_hour, minute) => inMinute(minute)
  const within = (time: number) => time >= from! * 60 + fromMinute! && time <= to! * 60 + toMinute!
  return (hour, minute) => inMinute(minute) && within(hour * 60 + minute)
}

/** "every 5 minutes", "every minute", "at minutes 1 to 3 and 7", "minute 5". */
function readUnit(text: string, unit: string): (value: number) => boolean {
  const every = new RegExp(`^every (?:(\\d+) )?${unit}s?$`).exec(text)
  if (every !== null) return (value) => value % Number(every[1] ?? 1) === 0
  const named = new RegExp(`^(?:at )?${unit}s? (.+)$`).exec(text)
  if (named === null) throw new Error(`says nothing about a ${unit}: ${text}`)
  return among(named[1]!, Number)
}

type DayRule = CronMeaning['onDay']

function readDays(text: string): DayRule {
  const either = text.split(', and also on ')
  const rules = text.split(/, and also on |, where that is /).map(readSide)
  if (either.length > 1) return (year, month, day) => rules.some((rule) => rule(year, month, day))
  return (year, month, day) => rules.every((rule) => rule(year, month, day))
}

function readSide(text: string): DayRule {
  const rules = itemsOf(text.replace(/ of the month$/, '')).map(readDay)
  return (year, month, day) => rules.some((rule) => rule(year, month, day))
}

function readDay(item: string): DayRule {
  const back = /^the (?:(\d+)\w\w )?day before the last$/.exec(item)
  const near = /^the working day nearest to the (\d+)\w\w$/.exec(item)
  const dates = /^(?:the )?(\d+)\w\w(?: to (\d+)\w\w)?$/.exec(item)
  const nth = /^the (?:(\d)\w\w|last) (\w+day)$/.exec(item)
  if (item === 'the last day') return (year, month, day) => day === lastOf(year, month)
  if (item === 'the last working day') return (year, month, day) => day === workingDay(year, month, lastOf(year, month))
  if (back !== null) return (year, month, day) => day === lastOf(year, month) - Number(back[1] ?? 1)
  if (near !== null) return (year, month, day) => day === workingDay(year, month, Number(near[1]))
  if (dates !== null) return (_y, _m, day) => day >= Number(dates[1]) && day <= Number(dates[2] ?? dates[1])
  if (nth !== null)
    return (year, month, day) => isNth(nth[2]!, nth[1] === undefined ? null : Number(nth[1]), year, month, day)
  const [first, last] = item.split(' to ').map(weekdayNumber)
  return (year, month, day) => {
    const weekday = (weekdayOf(year, month, day) + 7 - first!) % 7
    return weekday <= ((last ?? first!) + 7 - first!) % 7
  }
}

function isNth(name: string, nth: number | null, year: number, month: number, day: number): boolean {
  if (weekdayOf(year, month, day) !== weekdayNumber(name)) return false
  return nth === null ? lastOf(year, month) - day < 7 : Math.floor((day - 1) / 7) + 1 === nth
}

function weekdayNumber(name: string): number {
  const number = WEEKDAYS.indexOf(name)
  if (number === -1) throw new Error(`names no day: ${name}`)
  return number
}

function weekdayOf(year: number, month: number, day: number): number {
  return new Date(Date.UTC(year, month - 1, day)).getUTCDay()
}

function lastOf(year: number, month: number): number {
  return new Date(Date.UTC(year, month, 0)).getUTCDate()
}

/** From Monday to Friday and in the same month, nearest to a day that the month has; -1 where it does not. */
function workingDay(year: number, month: number, day: number): number {
  const last = lastOf(year, month)
  if (day > last) return -1
  const near = [0, -1, 1, -2, 2].map((by) => day + by)
  return near.find((it) => it >= 1 && it <= last && weekdayOf(year, month, it) % 6 !== 0)!
}

/** Whether a value is in a list of values and ranges. */
function among(text: string, numberOf: (word: string) => number): (value: number) => boolean {
  const ranges = itemsOf(text).map((item) => item.split(' to ').map(numberOf))
  return (value) => ranges.some(([first, last = first]) => value >= first! && value <= last!)
}

function itemsOf(text: string): string[] {
  return text.split(/, | and /)
}
