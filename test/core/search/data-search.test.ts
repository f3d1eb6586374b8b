import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { dataFits, pathOf } from '../../../src/core/search/data-search.ts'

const fits = (data: unknown, path: string, text: string) =>
  dataFits(typeof data === 'string' ? data : JSON.stringify(data), [{ path: pathOf(path)!, text }])

test('a value is compared as JSON where it is that, and with a string as it is', () => {
  assert.ok(fits({ id: 17 }, 'id', '17'))
  assert.ok(fits({ id: 17 }, 'id', '17.0'))
  assert.ok(fits({ id: '17' }, 'id', '17'))
  assert.ok(fits({ id: '17' }, 'id', '"17"'))
  assert.ok(!fits({ id: 17 }, 'id', '"17"'))
  assert.ok(fits({ state: 'open' }, 'state', 'open'))
  assert.ok(fits({ state: null }, 'state', 'null'))
  assert.ok(!fits({}, 'state', 'null'))
  assert.ok(fits({ of: { b: 1, a: [2] } }, 'of', '{"a":[2],"b":1}'))
  assert.ok(!fits({ state: 'opened' }, 'state', 'open'))
})

test('a path goes through objects and arrays, and through nothing that the data does not have itself', () => {
  assert.ok(fits({ a: [{ b: 'x' }] }, 'a.0.b', 'x'))
  assert.ok(!fits({ a: [1] }, 'a.length', '1'))
  assert.ok(!fits({ a: {} }, 'a.constructor.name', 'Object'))
  assert.ok(fits('{"__proto__":{"x":1}}', '__proto__.x', '1'))
  assert.ok(!fits({ a: 'text' }, 'a.0', 't'))
  assert.ok(fits([5], '0', '5'))
})

test('data that is no JSON fits nothing, and names may be escaped in it', () => {
  assert.ok(!fits('id 17', 'id', '17'))
  assert.ok(!fits('{"id":17', 'id', '17'))
  assert.ok(fits('{"\\u0069d":17}', 'id', '17'))
})

test('all conditions must hold', () => {
  const data = '{"a":1,"b":2}'
  const [a, b, c] = [
    { path: ['a'], text: '1' },
    { path: ['b'], text: '2' },
    { path: ['b'], text: '3' },
  ]
  assert.ok(dataFits(data, [a!, b!]))
  assert.ok(!dataFits(data, [a!, c!]))
  assert.ok(dataFits('x', []))
})

test('a path has no empty names, and is not without end', () => {
  for (const text of ['', '.', 'a.', 'a..b', 'a'.repeat(257), `${'a.'.repeat(20)}a`]) assert.equal(pathOf(text), null)
  assert.deepEqual(pathOf('a.b'), ['a', 'b'])
})

test('whatever lies at a path is found by its own JSON', () => {
  const name = fc.string({ minLength: 1, maxLength: 5 }).filter((text) => !text.includes('.'))
  fc.assert(
    fc.property(fc.array(name, { minLength: 1, maxLength: 4 }), fc.jsonValue(), (path, value) => {
      const data = path.reduceRight<unknown>((inner, property) => ownProperty(property, inner), value)
      assert.ok(dataFits(JSON.stringify(data), [{ path, text: JSON.stringify(value) }]))
    }),
  )
})

/** An object with this property, whatever its name. */
function ownProperty(name: string, value: unknown): object {
  return Object.defineProperty({}, name, { value, enumerable: true, configurable: true, writable: true })
}
