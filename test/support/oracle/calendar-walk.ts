import type { CalendarPeriod } from '../../../src/core/schedule/calendar-period.ts'
import { firstShown, wallClock } from './wall-minutes.ts'

const DAY = 86_400

/**
 * The first due times (epoch ms) of a calendar period from its anchor on, the anchor among them, by walking from one day of
 * the calendar to the next, and asking `Intl` for the moment at which the clocks show the anchor's time on those days.
 */
export function walkPeriods(period: CalendarPeriod, anchor: number, zone: string, count: number): number[] {
  const local = wallClock(zone)(Math.floor(anchor / 1000))
  const timeOfDay = ((local % DAY) + DAY) % DAY
  const milliseconds = anchor - Math.floor(anchor / 1000) * 1000
  const due = new Set([anchor])
  let passed = 0
  for (const month of monthsFrom(local - timeOfDay, period.years * 12 + period.months)) {
    if (passed > 0) {
      const day = month + passed * (period.weeks * 7 + period.days) * DAY
      due.add(atMost(firstShown(zone, day + timeOfDay), day + timeOfDay, zone, milliseconds))
    }
    if (due.size === count) break
    passed += 1
  }
  return [...due]
}

/** A moment that the clocks show has the milliseconds of the anchor; one to which they leap has none. */
function atMost(second: number, local: number, zone: string, milliseconds: number): number {
  return second * 1000 + (wallClock(zone)(second) === local ? milliseconds : 0)
}

/** The day of the first, so many months apart: the same day of the month, or the last one there is. Found by going day by day. */
function* monthsFrom(first: number, apart: number): Generator<number> {
  const wanted = new Date(first * 1000).getUTCDate()
  if (apart === 0) for (;;) yield first
  yield first
  let months = 0
  for (let day = first + DAY; ; day += DAY) {
    const [date, tomorrow] = [new Date(day * 1000), new Date((day + DAY) * 1000)]
    if (date.getUTCDate() === 1) months += 1
    const isIt = date.getUTCDate() === wanted || (date.getUTCDate() < wanted && tomorrow.getUTCDate() === 1)
    if (months > 0 && months % apart === 0 && isIt) yield day
  }
}
