import type { CronFields } from './cron-fields.ts'
import { listed, listedNumbers, twoDigits } from './word-lists.ts'

/** As many times of the day are told one by one. */
const MOST_TIMES = 8

type Times = Pick<CronFields, 'seconds' | 'minutes' | 'hours'>

/** The times of the day that an expression names: "at 09:00 and 17:30", "every 5 minutes from 08:00 to 17:55". */
export function timeWords(times: Times): string {
  const { seconds, minutes, hours } = times
  if (seconds.length * minutes.length * hours.length <= MOST_TIMES) return clockTimes(times)
  if (isZero(seconds)) return minuteWords(minutes, hours)
  const all = `${stepWords(seconds, 60, 'second') ?? `at ${namedOf('second', seconds)}`}`
  if (minutes.length === 60 && hours.length === 24) return all.startsWith('at') ? `${all} of every minute` : all
  const within = minutes.length === 60 ? 'every minute' : namedOf('minute', minutes)
  return `${all} of ${within} ${hourWords(hours)}`
}

/** Whether they are told one by one, and are of every day unless days are named. */
export function isClockTimes({ seconds, minutes, hours }: Times): boolean {
  return seconds.length * minutes.length * hours.length <= MOST_TIMES
}

function clockTimes({ seconds, minutes, hours }: Times): string {
  const shown = (hour: number, minute: number, second: number) =>
    [hour, minute, ...(isZero(seconds) ? [] : [second])].map(twoDigits).join(':')
  const all = hours.flatMap((hour) => minutes.flatMap((minute) => seconds.map((second) => shown(hour, minute, second))))
  return `at ${listed(all)}`
}

function minuteWords(minutes: readonly number[], hours: readonly number[]): string {
  const [first, last] = [clock(hours[0]!, minutes[0]!), clock(hours.at(-1)!, minutes.at(-1)!)]
  if (isZero(minutes)) {
    const step = stepWords(hours, 24, 'hour')
    if (step !== null) return `${step}, on the hour`
  }
  if (minutes.length === 1 && isUnbroken(hours) && hours.length < 24) return `every hour from ${first} to ${last}`
  const step = minutes.length === 1 ? null : stepWords(minutes, 60, 'minute')
  if (step === null) return `at ${namedOf('minute', minutes)} ${hourWords(hours)}`
  if (hours.length === 24) return step
  return isUnbroken(hours) ? `${step} from ${first} to ${last}` : `${step} ${hourWords(hours)}`
}

/** "every minute", "every 5 minutes": where they come at even distances through the whole, from 0 on; else null. */
function stepWords(values: readonly number[], whole: number, unit: string): string | null {
  const step = whole / values.length
  if (values.length === 1 || !values.every((value, index) => value === index * step)) return null
  return step === 1 ? `every ${unit}` : `every ${step} ${unit}s`
}

function namedOf(unit: string, values: readonly number[]): string {
  return `${unit}${values.length === 1 ? '' : 's'} ${listedNumbers(values, String)}`
}

function hourWords(hours: readonly number[]): string {
  if (hours.length === 24) return 'of every hour'
  return `in the hour${hours.length === 1 ? '' : 's'} ${listedNumbers(hours, twoDigits)}`
}

function clock(hour: number, minute: number): string {
  return `${twoDigits(hour)}:${twoDigits(minute)}`
}

function isUnbroken(values: readonly number[]): boolean {
  return values.at(-1)! - values[0]! === values.length - 1
}

function isZero(values: readonly number[]): boolean {
  return values.length === 1 && values[0] === 0
}
