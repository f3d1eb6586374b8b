import assert from 'node:assert/strict'
import { test } from 'node:test'
import { filterFaults } from '../../../src/core/listener-filter/filter-faults.ts'

test('a filter that uses everything has no fault', () => {
  const filter = {
    name: ['orders.*', 'invoice'],
    data: {
      type: 'order',
      'customer.country': { $in: ['DE', 'AT'] },
      'total.amount': { $gt: 10, $lte: 1_000 },
      'lines.0.sku': { $startsWith: 'A-' },
      'odd\\.name': { $exists: true },
      note: { $not: { $contains: 'test' } },
      state: { $or: ['new', { $endsWith: 'paid' }] },
      $or: [{ priority: { $ne: null } }, { $not: { tags: { $nin: ['slow', false] } } }],
      $not: { 'customer.blocked': true },
    },
  }
  assert.deepEqual(filterFaults(filter), [])
})

const refused: [what: string, filter: unknown, path: string, message: RegExp][] = [
  ['no object', 'orders.*', '/filter', /object with name, data or both/],
  ['an array', [], '/filter', /object with name, data or both/],
  ['nothing', {}, '/filter', /name, data or both; null takes the filter away/],
  ['another property', { names: ['a'] }, '/filter/names', /allowed are "name" and "data"/],
  ['a name that is no array', { name: 'a*' }, '/filter/name', /array of at least one pattern/],
  ['no pattern', { name: [] }, '/filter/name', /array of at least one pattern/],
  ['a pattern with a space', { name: ['a', 'b c'] }, '/filter/name/1', /characters of A-Z/],
  ['a pattern that is too long', { name: ['a'.repeat(257)] }, '/filter/name/0', /1 to 256 characters/],
  ['data that asks for nothing', { data: {} }, '/filter/data', /at least one path/],
  ['data that is no object', { data: [1] }, '/filter/data', /object of at least one path/],
  ['an array as a value', { data: { 'a/b': [1] } }, '/filter/data/a~1b', /string, a number, true, false or null/],
  ['an object within', { data: { a: { b: 1 } } }, '/filter/data/a/b', /write the path "….b"/],
  ['no operator at all', { data: { a: {} } }, '/filter/data/a', /operators such as/],
  ['an unknown operator', { data: { a: { $regex: 'x' } } }, '/filter/data/a/$regex', /allowed are "\$eq", "\$ne"/],
  ['an operator in place of a path', { data: { $eq: 1 } }, '/filter/data/$eq', /allowed are "\$or", "\$not" and paths/],
  ['an empty step', { data: { 'a..b': 1 } }, '/filter/data/a..b', /none of them empty/],
  ['an empty path', { data: { '': 1 } }, '/filter/data/', /none of them empty/],
  ['a backslash at the end', { data: { 'a\\': 1 } }, '/filter/data/a\\', /must be a path/],
  ['$in without an array', { data: { a: { $in: 'x' } } }, '/filter/data/a/$in', /array of at least one string/],
  ['$in of objects', { data: { a: { $in: [{}] } } }, '/filter/data/a/$in', /array of at least one string/],
  ['$gt of a boolean', { data: { a: { $gt: true } } }, '/filter/data/a/$gt', /a number or a string/],
  ['$exists of a number', { data: { a: { $exists: 1 } } }, '/filter/data/a/$exists', /true or false/],
  ['$startsWith of a number', { data: { a: { $startsWith: 1 } } }, '/filter/data/a/$startsWith', /a string/],
  ['$contains of an object', { data: { a: { $contains: {} } } }, '/filter/data/a/$contains', /string, a number/],
  ['$or that is no array', { data: { $or: { a: 1 } } }, '/filter/data/$or', /array of at least one object/],
  ['an empty $or of values', { data: { a: { $or: [] } } }, '/filter/data/a/$or', /at least one comparison/],
  ['a fault deep within', { data: { $or: [{ a: 1 }, { b: { $in: 2 } }] } }, '/filter/data/$or/1/b/$in', /array/],
  ['more than 8 KiB', { data: { a: 'ä'.repeat(4_096) } }, '/filter', /at most 8192 bytes/],
  ['more than 64 conditions', { name: Array.from({ length: 65 }, () => 'a') }, '/filter', /64 conditions, and has 65/],
]

for (const [what, filter, path, message] of refused) {
  test(`a filter is refused at its place: ${what}`, () => {
    const [fault, ...more] = filterFaults(filter)
    assert.deepEqual([fault?.path, more], [path, []])
    assert.match(fault!.message, message)
  })
}

test('conditions count wherever they stand, and levels up to eight', () => {
  const nots = (levels: number): unknown => (levels === 1 ? { a: 1 } : { $not: nots(levels - 1) })
  assert.deepEqual(filterFaults({ data: nots(8) }), [])
  assert.match(filterFaults({ data: nots(9) })[0]!.message, /more than 8 levels/)
  const many = (count: number) => ({
    data: { $or: Array.from({ length: count }, (_, at) => ({ [`p${at}`]: { $gt: 1, $lt: 5 } })) },
  })
  assert.deepEqual(filterFaults(many(32)), [])
  assert.match(filterFaults(many(33))[0]!.message, /has 66/)
})

test('at most twenty faults are told, however many there are', () => {
  assert.equal(filterFaults({ name: Array.from({ length: 64 }, () => 'a b') }).length, 20)
})
