import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { BoundedCache } from '../../src/app/caches/bounded-cache.ts'

// Every run tries the same walks, so that a failure can be repeated.
fc.configureGlobal({ seed: 48 })

test('what is kept is made once', () => {
  const cache = new BoundedCache<string>({ limit: 2 })
  let made = 0
  const make = () => `value ${++made}`
  assert.deepEqual([cache.getOrMake('a', make), cache.getOrMake('a', make)], ['value 1', 'value 1'])
  cache.forget('a')
  assert.equal(cache.getOrMake('a', make), 'value 2')
})

test('the entry that was read longest ago makes room', () => {
  const cache = new BoundedCache<string>({ limit: 2 })
  for (const key of ['a', 'b']) cache.getOrMake(key, () => key)
  cache.get('a')
  cache.getOrMake('c', () => 'c')
  assert.deepEqual([cache.get('a'), cache.get('b'), cache.get('c')], ['a', undefined, 'c'])
})

test('weighed entries make room by their weight, however many that takes, and the newest stays', () => {
  const cache = new BoundedCache<number>({ limit: 10, weightOf: (weight) => weight })
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

const byOwner = (limit: number) => new BoundedCache<string>({ limit, ownerOf: (value) => value.split('-')[0]! })

test('an owner that fills the map forgets its own entries, and not those of another', () => {
  const cache = byOwner(100)
  for (let n = 0; n < 20; n++) cache.getOrMake(`honest-${n}`, () => `honest-${n}`)
  for (let n = 0; n < 10_000; n++) cache.getOrMake(`greedy-${n}`, () => `greedy-${n}`)
  const kept = Array.from({ length: 20 }, (_, n) => cache.get(`honest-${n}`))
  assert.ok(kept.every((value) => value !== undefined))
  assert.equal(cache.get('greedy-9999'), 'greedy-9999')
})

test('an owner that comes to a map that another has filled gets its share of it', () => {
  const cache = byOwner(100)
  for (let n = 0; n < 1_000; n++) cache.getOrMake(`greedy-${n}`, () => `greedy-${n}`)
  for (let n = 0; n < 50; n++) cache.getOrMake(`honest-${n}`, () => `honest-${n}`)
  for (let n = 0; n < 50; n++) assert.equal(cache.get(`honest-${n}`), `honest-${n}`)
  assert.equal(cache.get('greedy-999'), 'greedy-999')
  assert.equal(cache.get('greedy-940'), undefined)
})

test('what an owner had leaves room when it is forgotten', () => {
  const cache = byOwner(4)
  for (let round = 0; round < 10; round++) {
    for (const key of ['gone-1', 'gone-2']) cache.getOrMake(key, () => key)
    cache.forgetOwner('gone')
  }
  for (const key of ['a-1', 'a-2', 'a-3', 'a-4']) cache.getOrMake(key, () => key)
  assert.deepEqual(
    ['a-1', 'a-4', 'gone-1'].map((key) => cache.get(key)),
    ['a-1', 'a-4', undefined],
  )
})

test('whatever is kept for whom, it weighs no more than the limit, but for one entry that does alone', () => {
  const entry = fc.record({ owner: fc.nat(5), key: fc.nat(12), weight: fc.integer({ min: 1, max: 12 }) })
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 60 }), (entries) => {
      type Kept = { owner: string; weight: number }
      const weightOf = ({ weight }: Kept) => weight
      const cache = new BoundedCache<Kept>({ limit: 10, weightOf, ownerOf: ({ owner }) => owner })
      const keys = new Set<string>()
      for (const { owner, key, weight } of entries) {
        const name = `${owner}-${key}`
        keys.add(name)
        const kept = cache.getOrMake(name, () => ({ owner: `${owner}`, weight }))
        assert.equal(cache.get(name), kept, 'the newest stays')
        const all = [...keys].flatMap((one) => cache.get(one) ?? [])
        const sum = all.reduce((total, one) => total + one.weight, 0)
        assert.ok(sum <= 10 || all.length === 1, `${sum} of ${all.length}`)
      }
    }),
    { numRuns: 500 },
  )
})
