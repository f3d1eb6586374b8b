import type { CronMeaning } from './cron-meaning.ts'
import type { WallMinute } from './wall-minutes.ts'

/**
 * The first moment after `after` (epoch ms) at which an expression is due, by looking at one minute after the other; null
 * where those that are given hold none. A time that clocks leap over is due right after the leap, and none a second time.
 */
export function searchNext(meaning: CronMeaning, minutes: readonly WallMinute[], after: number): number | null {
  const holds = dayMemory(meaning)
  for (let index = firstFrom(minutes, after / 1000 - 60); index < minutes.length; index++) {
    const { at, local, seconds, leapt } = minutes[index]!
    if (at * 1000 > after && leapt > 0 && findSecond(holds, local - leapt, leapt, 1) !== null) return at * 1000
    const passed = Math.max(0, Math.floor(after / 1000) - at + 1)
    const found = passed >= seconds ? null : findSecond(holds, local + passed, seconds - passed, 1)
    if (found !== null) return (at + found - local) * 1000
  }
  return null
}

/** The last such moment before `before`. */
export function searchPrevious(meaning: CronMeaning, minutes: readonly WallMinute[], before: number): number | null {
  const holds = dayMemory(meaning)
  for (let index = firstFrom(minutes, before / 1000) - 1; index >= 0; index--) {
    const { at, local, seconds, leapt } = minutes[index]!
    const open = Math.min(seconds, Math.ceil(before / 1000) - at)
    const found = findSecond(holds, local, open, -1)
    if (found !== null) return (at + found - local) * 1000
    if (leapt > 0 && findSecond(holds, local - leapt, leapt, 1) !== null) return at * 1000
  }
  return null
}

/** Where the first minute stands that begins at this second or later. */
function firstFrom(minutes: readonly WallMinute[], second: number): number {
  let [low, high] = [0, minutes.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (minutes[middle]!.at < second) low = middle + 1
    else high = middle
  }
  return low
}

interface Holding {
  minute(local: number): boolean
  second(local: number): boolean
}

/** The meaning for local seconds; the verdict on a day is kept until another day is asked for. */
function dayMemory(meaning: CronMeaning): Holding {
  let [day, fits] = [Number.NaN, false]
  return {
    minute(local) {
      const today = Math.floor(local / 86_400)
      if (today !== day) {
        const date = new Date(today * 86_400_000)
        fits = meaning.onDay(date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate())
        day = today
      }
      const minute = Math.floor((local - today * 86_400) / 60)
      return fits && meaning.inMinute(Math.floor(minute / 60), minute % 60)
    },
    second: (local) => meaning.inSecond(local - Math.floor(local / 60) * 60),
  }
}

/** The first of so many local seconds from `from` on that fits, or with -1 the last of them; minutes that do not fit are passed. */
function findSecond(holds: Holding, from: number, count: number, direction: 1 | -1): number | null {
  const end = from + count - 1
  let local = direction === 1 ? from : end
  while (local >= from && local <= end) {
    const minuteStart = Math.floor(local / 60) * 60
    if (!holds.minute(local)) local = direction === 1 ? minuteStart + 60 : minuteStart - 1
    else if (holds.second(local)) return local
    else local += direction
  }
  return null
}
