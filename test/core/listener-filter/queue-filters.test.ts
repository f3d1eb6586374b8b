import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ListenerFilter } from '../../../src/core/listener-filter/filter.ts'
import { FilterBudget, MAX_LOOKED_THROUGH } from '../../../src/core/listener-filter/filter-budget.ts'
import { isLeftOut, leftOutOf, onlyLeftOut, withoutLeftOut } from '../../../src/core/listener-filter/left-out.ts'
import { compileQueueFilters } from '../../../src/core/listener-filter/queue-filters.ts'

function misfitOf(filter: ListenerFilter, data: unknown, name: string | null = null): string | null {
  const text = typeof data === 'string' ? data : JSON.stringify(data)
  return compileQueueFilters([filter])!.misfits({ name, data: text }, new FilterBudget())(0)
}

test('a queue whose listeners have no filter has nothing to judge by', () => {
  assert.equal(compileQueueFilters([null, null]), null)
  assert.equal(compileQueueFilters([]), null)
})

test('what did not fit is named by its place in the filter', () => {
  const filter = { name: ['orders.*'], data: { type: 'order', total: { $gt: 10, $lt: 20 }, $or: [{ a: 1 }, { b: 2 }] } }
  const fitting = { type: 'order', total: 15, b: 2 }
  assert.equal(misfitOf(filter, fitting, 'orders.new'), null)
  assert.equal(misfitOf(filter, fitting, 'order'), '/name')
  assert.equal(misfitOf(filter, fitting), '/name')
  assert.equal(misfitOf(filter, 'no JSON', 'orders.new'), '/data')
  assert.equal(misfitOf(filter, { ...fitting, type: 'x' }, 'orders.new'), '/data/type')
  assert.equal(misfitOf(filter, { ...fitting, total: 20 }, 'orders.new'), '/data/total/$lt')
  assert.equal(misfitOf(filter, { ...fitting, b: 3 }, 'orders.new'), '/data/$or')
})

test('a star alone fits every name, and no message without one', () => {
  assert.equal(misfitOf({ name: ['*'] }, {}, 'x'), null)
  assert.equal(misfitOf({ name: ['*'] }, {}), '/name')
})

test('a property of every object in JavaScript is none of the data', () => {
  assert.equal(misfitOf({ data: { constructor: { $exists: true } } }, {}), '/data/constructor/$exists')
  assert.equal(misfitOf({ data: { 'list.length': { $exists: true } } }, { list: [1] }), '/data/list.length/$exists')
  assert.equal(misfitOf({ data: { '__proto__.a': 1 } }, '{"__proto__":{"a":1}}'), null)
})

test('the data is parsed only where a name leads to a filter that asks for it, and only once', (t) => {
  const parse = t.mock.method(JSON, 'parse')
  const queue = compileQueueFilters([
    { name: ['a'], data: { x: 1 } },
    { name: ['b'] },
    { name: ['a'], data: { y: 1 } },
  ])!
  queue.leftOut({ name: 'b', data: '{"x":1}' }, new FilterBudget())
  assert.equal(parse.mock.callCount(), 0)
  queue.leftOut({ name: 'a', data: '{"x":1}' }, new FilterBudget())
  assert.equal(parse.mock.callCount(), 1)
  queue.leftOut({ name: 'a', data: '{"x":1}' }, new FilterBudget(), { x: 1 })
  assert.equal(parse.mock.callCount(), 1)
})

test('ten thousand listeners have a bit each, and none where the message fits all', () => {
  const bits = leftOutOf(10_000, (index) => index % 3 === 0)!
  assert.equal(bits.length, 1_250)
  for (const index of [0, 1, 2, 3, 9_998, 9_999]) assert.equal(isLeftOut(bits, index), index % 3 === 0)
  assert.equal(
    leftOutOf(10_000, () => false),
    null,
  )
  assert.equal(isLeftOut(null, 5), false)
  assert.deepEqual(withoutLeftOut(['a', 'b', 'c', 'd'], bits), ['b', 'c'])
  assert.deepEqual(onlyLeftOut(['a', 'b', 'c', 'd'], bits), ['a', 'd'])
  assert.deepEqual([withoutLeftOut(['a'], null), onlyLeftOut(['a'], null)], [['a'], []])
})

test('what all filters look through together is bounded, for texts that repeat themselves too', () => {
  const text = 'a'.repeat(200_000)
  const filters = Array.from({ length: 4 }, () => ({ data: { text: { $contains: `${'a'.repeat(3_000)}b` } } }))
  const judge = (data: unknown, of: ListenerFilter[], units: number) => {
    const budget = new FilterBudget(units)
    compileQueueFilters(of)!.leftOut({ name: null, data: JSON.stringify(data) }, budget)
    return budget.isOver
  }
  const own = (of: ListenerFilter[]) => of.reduce((sum, filter) => sum + JSON.stringify(filter).length, 0)
  const isOver = (data: unknown, of: ListenerFilter[], looked: number) => judge(data, of, own(of) + looked)
  assert.deepEqual([isOver({ text }, filters, 800_000), isOver({ text }, filters, 799_999)], [false, true])
  const listed = [{ data: { list: { $contains: 1 } } }]
  const list = Array.from({ length: 1_000 }, () => 0)
  assert.deepEqual([isOver({ list }, listed, 1_000), isOver({ list }, listed, 999)], [false, true])
  // Filters that look through nothing take what they are long.
  const deep = Array.from({ length: 100 }, (_, index) => ({ data: { [`a.b.c.${index}`]: 1 } }))
  assert.deepEqual([isOver({}, deep, 0), isOver({}, deep, -1)], [false, true])
  assert.ok(MAX_LOOKED_THROUGH > 10_000 * 1_024, 'ten thousand listeners may each look for a word in a KiB')
})
