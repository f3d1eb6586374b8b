import { describe, test } from 'node:test'
import fc from 'fast-check'
import { expectAsSearched, momentIn, type Stretch, stretchAround } from '../../support/oracle/comparison.ts'
import { cronTexts } from '../../support/oracle/cron-texts.ts'
import { daysOfChange, zonesToAsk } from '../../support/oracle/zones.ts'

const [ZONES, EXPRESSIONS, SEED] = [60, 2_000, 19]
/** Zones of which more than a year is searched, for what is due as seldom. */
const LONG_ZONES = 12
const [FIRST_YEAR, LAST_YEAR] = [1840, 2120]

const texts = fc.sample(cronTexts, { seed: SEED, numRuns: EXPRESSIONS })
const chances = fc.sample(fc.maxSafeNat(), { seed: SEED, numRuns: ZONES * (2 * EXPRESSIONS + 10) })
const chance = () => chances.pop()!

/** Around three changes of the zone's clocks, and around a day like any other. */
function stretchesOf(zone: string, isLong: boolean): Stretch[] {
  const changes = daysOfChange(zone, FIRST_YEAR, LAST_YEAR)
  const ordinary = Date.UTC(FIRST_YEAR + (chance() % (LAST_YEAR - FIRST_YEAR)), 0, 1) / 1000
  const days = [ordinary, ...Array.from({ length: 3 }, () => changes[chance() % changes.length] ?? ordinary)]
  return days.map((day, index) => stretchAround(zone, day, isLong && index === 1 ? 200 : 8))
}

describe(`${EXPRESSIONS} expressions are due when a search of every minute by Intl says`, () => {
  const zones = zonesToAsk(ZONES, () => (chance() % 10_000) / 10_000)
  for (const [index, zone] of zones.entries()) {
    test(`in ${zone}`, () => {
      const stretches = stretchesOf(zone, index % Math.ceil(ZONES / LONG_ZONES) === 0)
      for (const text of texts) {
        const stretch = stretches[chance() % stretches.length]!
        expectAsSearched(text, stretch, momentIn(stretch, chance()))
      }
    })
  }
})
