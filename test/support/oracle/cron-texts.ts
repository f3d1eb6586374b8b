import fc from 'fast-check'

const MONTHS = 'JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC'.split(' ')
const WEEKDAYS = 'SUN MON TUE WED THU FRI SAT'.split(' ')

function numbers(min: number, max: number, names: readonly string[] = []) {
  const number = fc.integer({ min, max })
  const value = fc.oneof({ weight: 3, arbitrary: number.map(String) }, ...names.map((name) => fc.constant(name)))
  const step = fc.integer({ min: 1, max: Math.max(1, Math.floor((max - min) / 2)) })
  // Any range: also one that wraps.
  const range = fc.tuple(value, value).map(([from, to]) => `${from}-${to}`)
  return fc.oneof(
    { weight: 4, arbitrary: value },
    { weight: 2, arbitrary: range },
    fc.tuple(range, step).map(([ends, by]) => `${ends}/${by}`),
    step.map((by) => `*/${by}`),
    fc.tuple(value, step).map(([from, by]) => `${from}/${by}`),
  )
}

function field(item: fc.Arbitrary<string>, open: readonly string[], openness: number): fc.Arbitrary<string> {
  const list = fc.array(item, { minLength: 1, maxLength: 3 }).map((items) => items.join(','))
  return fc.oneof({ weight: openness, arbitrary: fc.constantFrom(...open) }, { weight: 4, arbitrary: list })
}

const weekday = fc.oneof(fc.integer({ min: 0, max: 7 }).map(String), fc.constantFrom(...WEEKDAYS))
const dates = fc.oneof(
  { weight: 4, arbitrary: numbers(1, 31) },
  fc.integer({ min: 1, max: 31 }).map((day) => `${day}W`),
  fc.constant('L'),
  fc.integer({ min: 0, max: 30 }).map((days) => `L-${days}`),
)
const weekdays = fc.oneof(
  { weight: 4, arbitrary: numbers(0, 7, WEEKDAYS) },
  fc.tuple(weekday, fc.integer({ min: 1, max: 5 })).map(([day, nth]) => `${day}#${nth}`),
  weekday.map((day) => `${day}#L`),
  weekday.map((day) => `${day}L`),
)

const fields = fc.tuple(
  fc.oneof(
    { weight: 3, arbitrary: fc.constant('') },
    field(numbers(0, 59), ['*', '0'], 2).map((it) => `${it} `),
  ),
  field(numbers(0, 59), ['*', '*/1', '30', '0'], 3),
  field(numbers(0, 23), ['*', '*/1', '?', '2', '0'], 3),
  fc.oneof({ weight: 8, arbitrary: field(dates, ['*', '?', '*/1'], 6) }, fc.constant('LW')),
  field(numbers(1, 12, MONTHS), ['*', '?', '*/1'], 12),
  fc.tuple(fc.constantFrom('', '', '+'), field(weekdays, ['*', '?', '*/1'], 6)).map(([both, days]) => both + days),
)

/** Cron expressions in all the dialects that are taken. Some are refused all the same, and some name a day that never comes. */
export const cronTexts: fc.Arbitrary<string> = fc.oneof(
  { weight: 30, arbitrary: fields.map(([second, ...rest]) => second + rest.join(' ')) },
  fc.constantFrom('@yearly', '@annually', '@monthly', '@weekly', '@daily', '@midnight', '@hourly'),
)
