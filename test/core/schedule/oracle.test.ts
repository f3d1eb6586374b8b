import { test } from 'node:test'
import fc from 'fast-check'
import { expectAsSearched, momentIn, stretchAround } from '../../support/oracle/comparison.ts'
import { cronTexts } from '../../support/oracle/cron-texts.ts'
import { ODD_ZONES } from '../../support/oracle/zones.ts'

// Every zone and two thousand expressions are searched by oracle.long.ts.
test('around changes of clocks, due times are those that a search of every minute finds by Intl', () => {
  const days = Object.entries(ODD_ZONES).flatMap(([zone, dates]) => dates.map((date) => ({ zone, date })))
  const stretches = days.map(({ zone, date }) => stretchAround(zone, Date.parse(date) / 1000, 3))
  const which = fc.nat(stretches.length - 1)
  const property = fc.property(cronTexts, which, fc.maxSafeNat(), (cron, index, place) =>
    expectAsSearched(cron, stretches[index]!, momentIn(stretches[index]!, place)),
  )
  fc.assert(property, { seed: 31, numRuns: 1_500 })
})
