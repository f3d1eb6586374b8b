import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Type } from 'typebox'
import { Problem } from '../../../src/core/problem.ts'
import { compileQuery, parseBoolean } from '../../../src/http/body/query.ts'

const parse = compileQuery(
  Type.Object({
    flag: Type.Optional(Type.Boolean()),
    count: Type.Optional(Type.Integer({ minimum: 1, maximum: 100 })),
    text: Type.Optional(Type.String()),
  }),
)

function faultsOf(raw: Record<string, unknown>) {
  try {
    parse(raw)
    return []
  } catch (error) {
    assert.ok(error instanceof Problem && error.status === 400)
    return error.errors
  }
}

test('a boolean is true, false, 1, 0 or bare, and nothing else', () => {
  const allowed: Record<string, boolean> = { true: true, '1': true, '': true, false: false, '0': false }
  fc.assert(
    fc.property(
      fc.oneof(fc.constantFrom(...Object.keys(allowed)), fc.string(), fc.constantFrom('TRUE', 'yes', '01')),
      (text) => {
        assert.equal(parseBoolean(text), Object.hasOwn(allowed, text) ? allowed[text] : undefined)
      },
    ),
  )
})

test('a whole number is taken within its limits, and nothing else is', () => {
  fc.assert(
    fc.property(fc.integer({ min: -1000, max: 1000 }), (number) => {
      const fits = number >= 1 && number <= 100
      if (fits) assert.deepEqual(parse({ count: String(number) }), { count: number })
      else assert.equal(faultsOf({ count: String(number) })?.length, 1)
    }),
  )
  for (const text of ['', '1.0', '1e1', '0x1', ' 1', '١', 'Infinity', '9'.repeat(400)]) {
    assert.deepEqual(faultsOf({ count: text }), [{ path: 'count', message: 'must be a whole number from 1 to 100' }])
  }
})

test('every fault of a query is told at once', () => {
  assert.deepEqual(faultsOf({ flag: 'maybe', count: '0', text: ['a', 'b'] }), [
    { path: 'flag', message: 'must be true, false, 1, 0, or bare, which means true' },
    { path: 'count', message: 'must be a whole number from 1 to 100' },
    { path: 'text', message: 'must be given once' },
  ])
})

test('parameters that nobody knows are ignored', () => {
  assert.deepEqual(parse({ unknown: 'x', flag: 'true' }), { flag: true })
})

test('parameters that are named by a pattern are taken as they are, each once', () => {
  const patterned = compileQuery({ properties: {}, patternProperties: { '^data\\..': { type: 'string' } } })
  assert.deepEqual(patterned({ 'data.a.b': '1', data: 'x', 'data.': 'y' }), { 'data.a.b': '1' })
  assert.throws(() => patterned({ 'data.a': ['1', '2'] }), { code: 'bad_query' })
})
