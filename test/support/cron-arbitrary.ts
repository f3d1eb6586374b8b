import fc from 'fast-check'

/** Numbers, ranges, steps and lists of them, as a field of a cron expression takes them. */
function field(min: number, max: number, ...more: fc.Arbitrary<string>[]): fc.Arbitrary<string> {
  const number = fc.integer({ min, max }).map(String)
  const range = fc.tuple(fc.integer({ min, max }), fc.integer({ min, max })).map((ends) => {
    const [from, to] = ends.sort((a, b) => a - b)
    return `${from}-${to}`
  })
  const step = fc.integer({ min: 1, max: max - min }).map((by) => `*/${by}`)
  const one = fc.oneof(number, number, range, step, ...more)
  const list = fc.array(one, { minLength: 1, maxLength: 3 }).map((parts) => parts.join(','))
  return fc.oneof(fc.constant('*'), list)
}

const dayOfMonth = fc.integer({ min: 1, max: 31 })
const weekday = fc.integer({ min: 0, max: 7 })

/** Cron expressions of six fields that can be read, though some name a day that never comes. */
export const cronFieldsText: fc.Arbitrary<string> = fc
  .tuple(
    field(0, 59),
    field(0, 59),
    field(0, 23),
    fc.oneof(
      field(
        1,
        31,
        dayOfMonth.map((day) => `${day}W`),
        fc.constant('L'),
      ),
      fc.constant('LW'),
    ),
    field(1, 12),
    fc
      .tuple(
        fc.constantFrom('', '', '+'),
        field(
          0,
          7,
          fc.tuple(weekday, fc.integer({ min: 1, max: 5 })).map(([day, nth]) => `${day}#${nth}`),
          weekday.map((day) => `${day}#L`),
        ),
      )
      .map(([both, days]) => both + days),
  )
  .map((fields) => fields.join(' '))
