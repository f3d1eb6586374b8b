import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BoundedCache } from '../../src/app/bounded-cache.ts'

test('what is kept is made once', () => {
  const cache = new BoundedCache<string>(2)
  let made = 0
  const make = () => `value ${++made}`
  assert.deepEqual([cache.getOrMake('a', make), cache.getOrMake('a', make)], ['value 1', 'value 1'])
  cache.forget('a')
  assert.equal(cache.getOrMake('a', make), 'value 2')
})

test('the entry that was read longest ago makes room', () => {
  const cache = new BoundedCache<string>(2)
  for (const key of ['a', 'b']) cache.getOrMake(key, () => key)
  cache.get('a')
  cache.getOrMake('c', () => 'c')
  assert.deepEqual([cache.get('a'), cache.get('b'), cache.get('c')], ['a', undefined, 'c'])
})

test('weighed entries make room by their weight, however many that takes, and the newest stays', () => {
  const cache = new BoundedCache<number>(10, (weight) => weight)
  const keep = (weight: number) => cache.getOrMake(String(weight), () => weight)
  const kept = () => [1, 2, 3, 7, 50].filter((weight) => cache.get(String(weight)) !== undefined)
  for (const weight of [1, 2, 3]) keep(weight)
  assert.deepEqual(kept(), [1, 2, 3])
  keep(7)
  assert.deepEqual(kept(), [3, 7])
  keep(50)
  assert.deepEqual(kept(), [50])
  cache.forget('50')
  for (const weight of [1, 2, 7]) keep(weight)
  assert.deepEqual(kept(), [1, 2, 7])
})
