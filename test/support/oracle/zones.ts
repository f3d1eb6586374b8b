import { wallClock } from './wall-minutes.ts'

const DAY = 86_400

/** Zones that are unlike others, and moments in each, as dates, around which its clocks were set. */
export const ODD_ZONES: Record<string, readonly string[]> = {
  // Half an hour of summer time.
  'Australia/Lord_Howe': ['2026-04-04', '2026-10-03'],
  // Days that were left out, or came twice.
  'Pacific/Apia': ['2011-12-30', '1892-07-04'],
  'Pacific/Kwajalein': ['1993-08-21', '1969-09-30'],
  'Pacific/Fakaofo': ['2011-12-30'],
  'Asia/Manila': ['1844-12-31'],
  'America/Juneau': ['1867-10-18'],
  // Three quarters of an hour, and half hours.
  'Asia/Kathmandu': ['1985-12-31'],
  'Pacific/Chatham': ['2026-04-04', '2026-09-26'],
  'Australia/Eucla': ['2007-03-25'],
  'Asia/Pyongyang': ['2015-08-14', '2018-05-04'],
  'America/Caracas': ['2007-12-09', '2016-05-01'],
  'America/St_Johns': ['1988-04-03', '2006-10-29'],
  'Asia/Kolkata': ['1941-10-01'],
  // Offsets of odd seconds.
  'Africa/Monrovia': ['1972-01-07'],
  'Europe/Amsterdam': ['1937-06-30', '1940-05-16'],
  'Europe/Dublin': ['1916-05-21', '1916-10-01', '1971-10-31'],
  'America/New_York': ['1883-11-18', '2026-03-08', '2026-11-01'],
  // Midnights that did not exist, or came twice.
  'America/Sao_Paulo': ['2018-11-04', '2019-02-17'],
  'Asia/Beirut': ['2026-03-29', '2026-10-24'],
  'America/Havana': ['2026-03-08', '2026-11-01'],
  'Asia/Gaza': ['2015-03-28', '2026-10-24'],
  // Summer time that pauses, double summer time, and one that came by decree.
  'Africa/Casablanca': ['2026-02-15', '2026-03-22'],
  'Africa/El_Aaiun': ['2027-02-07'],
  'Europe/London': ['1941-05-04', '1947-04-13', '2026-10-25'],
  'Antarctica/Troll': ['2026-03-29', '2026-10-25'],
  'Antarctica/Casey': ['2020-10-04', '2023-03-09'],
  'Europe/Volgograd': ['2020-12-27'],
  'America/Santiago': ['2026-04-05', '2026-09-06'],
  'Asia/Tehran': ['1977-10-20', '2022-09-21'],
  'Europe/Berlin': ['1945-05-24', '2026-03-29', '2026-10-25'],
  UTC: ['2028-02-28'],
}

/** As many zones as are asked for: the odd ones, then any by chance. `random` answers from 0 to 1, without 1. */
export function zonesToAsk(count: number, random: () => number): string[] {
  const zones = Object.keys(ODD_ZONES)
  const others = Intl.supportedValuesOf('timeZone').filter((zone) => !zones.includes(zone))
  while (zones.length < count) zones.push(...others.splice(Math.floor(random() * others.length), 1))
  return zones.slice(0, count)
}

/** Days, as seconds of the epoch, from one year to another in which the clocks of a zone are set. */
export function daysOfChange(zone: string, fromYear: number, untilYear: number): number[] {
  const shows = wallClock(zone)
  const [from, until] = [Date.UTC(fromYear, 0, 1) / 1000, Date.UTC(untilYear, 0, 1) / 1000]
  const days: number[] = []
  let offset = shows(from) - from
  for (let day = from; day < until; day += DAY) {
    const next = shows(day + DAY) - (day + DAY)
    if (next !== offset) days.push(day)
    offset = next
  }
  return days
}
