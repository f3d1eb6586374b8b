import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { ListenerFilter } from '../../../src/core/listener-filter/filter.ts'
import { FilterBudget } from '../../../src/core/listener-filter/filter-budget.ts'
import { filterFaults } from '../../../src/core/listener-filter/filter-faults.ts'
import { isLeftOut } from '../../../src/core/listener-filter/left-out.ts'
import { namePattern } from '../../../src/core/listener-filter/name-pattern.ts'
import { compileQueueFilters } from '../../../src/core/listener-filter/queue-filters.ts'
import { TextSearch } from '../../../src/core/listener-filter/text-search.ts'
import { rounds } from '../../support/thorough.ts'
import { fitsByTheBook } from './filter-oracle.ts'

/** Few names and values, so that made-up filters often ask for what made-up messages have. */
const step = fc.constantFrom('a', 'b', 'c.d', '0', '__proto__', 'length')
const text = fc.string({ unit: fc.constantFrom('a', 'b', 'ab', '"'), maxLength: 6 })
const scalar = fc.oneof(text, fc.integer({ min: -2, max: 2 }), fc.boolean(), fc.constant(null))
const path = fc.array(step, { minLength: 1, maxLength: 3 }).map((steps) => {
  return steps.map((one) => one.replaceAll('.', '\\.')).join('.')
})
const name = fc.string({ unit: fc.constantFrom('a', 'b', '.', '/'), minLength: 1, maxLength: 6 })
const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '.', '*'), minLength: 1, maxLength: 6 })

const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true, maxDepth: 3 },
    scalar,
    fc.array(tie('value'), { maxLength: 3 }),
    fc.array(fc.tuple(step, tie('value')), { maxLength: 4 }).map(objectOf),
  ),
}))
const object = fc.array(fc.tuple(step, value), { maxLength: 4 }).map(objectOf)

const scalars = fc.array(scalar, { minLength: 1, maxLength: 3 })
const operand = fc.oneof(text, fc.integer({ min: -1, max: 1 }))
const comparisons: fc.Arbitrary<[string, unknown]>[] = [
  ...['$eq', '$ne', '$contains'].map((operator) => fc.tuple(fc.constant(operator), scalar)),
  ...['$in', '$nin'].map((operator) => fc.tuple(fc.constant(operator), scalars)),
  ...['$gt', '$gte', '$lt', '$lte'].map((operator) => fc.tuple(fc.constant(operator), operand)),
  ...['$startsWith', '$endsWith'].map((operator) => fc.tuple(fc.constant(operator), text)),
  fc.tuple(fc.constant('$exists'), fc.boolean()),
]
const someOf = (one: fc.Arbitrary<unknown>) => fc.array(one, { minLength: 1, maxLength: 2 })
const { data } = fc.letrec<Record<'comparison' | 'data', unknown>>((tie) => ({
  comparison: fc.oneof(
    { depthSize: 'small', withCrossShrink: true, maxDepth: 3 },
    scalar,
    fc.array(fc.oneof(...comparisons), { minLength: 1, maxLength: 2 }).map(objectOf),
    someOf(tie('comparison')).map(($or) => ({ $or })),
    tie('comparison').map(($not) => ({ $not })),
  ),
  data: fc.oneof(
    { depthSize: 'small', withCrossShrink: true, maxDepth: 3 },
    fc.array(fc.tuple(path, tie('comparison')), { minLength: 1, maxLength: 3 }).map(objectOf),
    fc.tuple(path, tie('comparison'), someOf(tie('data'))).map(([at, one, $or]) => ({ [at]: one, $or })),
    tie('data').map(($not) => ({ $not })),
  ),
}))
const filter = fc
  .record({ name: fc.array(pattern, { minLength: 1, maxLength: 2 }), data }, { requiredKeys: [] })
  .filter((it) => filterFaults(it).length === 0) as fc.Arbitrary<ListenerFilter>

const messageData = fc.oneof(
  { arbitrary: object.map((it) => JSON.stringify(it)), weight: 8 },
  { arbitrary: value.map((it) => JSON.stringify(it)), weight: 1 },
  { arbitrary: fc.string(), weight: 1 },
)
const message = fc.record({ name: fc.option(name), data: messageData })

test('filters of a queue judge each message as the documentation says', () => {
  const seen = { fits: 0, misfits: 0 }
  fc.assert(
    fc.property(fc.array(fc.option(filter), { minLength: 1, maxLength: 12 }), message, (filters, it) => {
      const queue = compileQueueFilters(filters)
      const bits = queue?.leftOut(it, new FilterBudget()) ?? null
      for (const [index, one] of filters.entries()) {
        const fits = one === null || fitsByTheBook(one, it)
        seen[fits ? 'fits' : 'misfits'] += 1
        assert.equal(isLeftOut(bits, index), !fits, JSON.stringify({ filter: one, message: it }))
        if (queue !== null) assert.equal(queue.misfits(it, new FilterBudget())(index) === null, fits)
      }
    }),
    { numRuns: rounds({ quick: 1_000, long: 20_000 }) },
  )
  const share = seen.fits / (seen.fits + seen.misfits)
  assert.ok(share > 0.1 && share < 0.9, `both must be common: ${share} fit`)
})

test('a pattern with stars fits what the regular expression does that says the same', () => {
  fc.assert(
    fc.property(pattern, name, (stars, of) => {
      assert.equal(namePattern(stars)(of), fitsByTheBook({ name: [stars] }, { name: of, data: '' }))
    }),
    { numRuns: rounds({ quick: 1_000, long: 20_000 }) },
  )
})

test('a text is found where the runtime finds it, also among many that look like it', () => {
  const ab = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 400, size: 'max' })
  const piece = fc.string({ unit: fc.constantFrom('a', 'a', 'a', 'b'), maxLength: 20, size: 'max' })
  fc.assert(
    fc.property(ab, piece, fc.nat(400), (all, some, at) => {
      const made = all.slice(0, at) + some + all.slice(at)
      for (const looked of [all, made, 'a'.repeat(at) + some]) {
        assert.equal(new TextSearch(some).isIn(looked), looked.includes(some))
      }
    }),
    { numRuns: rounds({ quick: 1_000, long: 20_000 }) },
  )
})

/** With `__proto__` as a property like any other, as a parser of JSON makes it. */
function objectOf(entries: [string, unknown][]): Record<string, unknown> {
  return Object.fromEntries(entries)
}
