const LOCALE = 'en-GB'
const whole = new Intl.NumberFormat(LOCALE)
const short = new Intl.NumberFormat(LOCALE, { notation: 'compact', maximumFractionDigits: 1 })
const clock = new Intl.DateTimeFormat(LOCALE, { hour: '2-digit', minute: '2-digit', second: '2-digit' })
const minute = new Intl.DateTimeFormat(LOCALE, { hour: '2-digit', minute: '2-digit' })
const day = new Intl.DateTimeFormat(LOCALE, { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' })
const full = new Intl.DateTimeFormat(LOCALE, { dateStyle: 'full', timeStyle: 'long' })

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

export const number = (value: number): string => (value < 100_000 ? whole.format(value) : short.format(value))
export const exactNumber = (value: number): string => whole.format(value)
export const timeOfDay = (ms: number): string => clock.format(ms)
export const hourMinute = (ms: number): string => minute.format(ms)
export const dateTime = (ms: number): string => day.format(ms)
export const fullTime = (ms: number): string => full.format(ms)

export function inZone(ms: number, timeZone: string): string {
  return new Intl.DateTimeFormat(LOCALE, {
    ...{ weekday: 'short', day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit', second: '2-digit' },
    timeZone,
  } as Intl.DateTimeFormatOptions).format(ms)
}

export const userZone = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone

/** 1.24 s, 12 min, 3 h 20 min. */
export function duration(ms: number): string {
  if (ms < SECOND) return `${Math.round(ms)} ms`
  if (ms < MINUTE) return `${(ms / SECOND).toFixed(ms < 10 * SECOND && ms % SECOND !== 0 ? 2 : 0)} s`
  const units: [number, string][] = [
    [DAY, 'd'],
    [HOUR, 'h'],
    [MINUTE, 'min'],
    [SECOND, 's'],
  ]
  const first = units.findIndex(([size]) => ms >= size)
  const [size, unit] = units[first]!
  const [small, smallUnit] = units[first + 1]!
  const rest = Math.floor((ms % size) / small)
  return `${Math.floor(ms / size)} ${unit}${rest > 0 ? ` ${rest} ${smallUnit}` : ''}`
}

/** "12 s ago", "in 4 min". */
export function distance(ms: number, now: number): string {
  const away = Math.abs(ms - now)
  if (away < 1_500) return 'now'
  const units: [number, string][] = [
    [DAY, 'd'],
    [HOUR, 'h'],
    [MINUTE, 'min'],
    [SECOND, 's'],
  ]
  const [size, unit] = units.find(([one]) => away >= one) ?? units.at(-1)!
  const text = `${Math.floor(away / size)} ${unit}`
  return ms > now ? `in ${text}` : `${text} ago`
}

export function latency(ms: number | null): string {
  return ms === null ? '–' : duration(ms)
}

export function percent(part: number, all: number): string {
  if (all === 0) return '–'
  const share = (part / all) * 100
  if (share === 100 || share === 0) return `${share} %`
  // Never says 100 % of what is only nearly all.
  return `${(Math.floor(share * 100) / 100).toFixed(share > 99 ? 2 : 1)} %`
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${number(count)} ${count === 1 ? one : many}`
}

export function bytes(size: number): string {
  return size < 1024 ? `${size} B` : `${(size / 1024).toFixed(1)} KiB`
}

/** Data for people to read: indented where it is JSON, unchanged where it is not. */
export function readable(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2)
  } catch {
    return text
  }
}
