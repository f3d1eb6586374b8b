import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { seekOffset } from '../../../src/store/listing/offset-seek.ts'

const PER_MS = 1_000n

/** Keys as a queue has them: many in one moment, none for days, in bursts. */
const keys = fc
  .array(fc.tuple(fc.nat(400_000_000), fc.nat(700), fc.boolean()), { minLength: 1, maxLength: 8 })
  .map((bursts) => {
    const all = bursts.flatMap(([ms, count, together]) =>
      Array.from({ length: count + 1 }, (_, i) => BigInt(ms) * PER_MS + (together ? 7n : BigInt(i) * 37n)),
    )
    return all.sort((a, b) => (a > b ? -1 : a < b ? 1 : 0))
  })

/** Finds a place, and says which entries then lie below it and how many were counted on the way. */
async function found(all: readonly bigint[], offset: number) {
  let counted = 0
  const place = await seekOffset({
    newest: all[0]!,
    perMs: PER_MS,
    offset,
    lists: 1,
    async count(from, below) {
      const within = all.filter((key) => key >= from && key < below).length
      counted += within
      return within
    },
  })
  return { place, counted, rest: all.filter((key) => key < place.below).slice(place.offset) }
}

describe('a place far down a listing', () => {
  test('is the one that counting entry by entry leads to', async () => {
    const property = fc.asyncProperty(keys, fc.nat(6_000), async (all, offset) => {
      const { rest } = await found(all, offset)
      assert.deepEqual(rest, all.slice(offset))
    })
    await fc.assert(property, { numRuns: 300 })
  })

  test('leaves little to pass over, unless that lies under one and the same key', async () => {
    const property = fc.asyncProperty(keys, fc.nat(6_000), async (all, offset) => {
      const { place } = await found(all, offset)
      const together = Math.max(...[...Map.groupBy(all, (key) => key).values()].map((same) => same.length))
      assert.ok(place.offset <= Math.max(200, together), `${place.offset}`)
    })
    await fc.assert(property, { numRuns: 300 })
  })

  test('is found without counting what lies far below it', async () => {
    const even = Array.from({ length: 200_000 }, (_, i) => BigInt(200_000 - i) * 10n * PER_MS)
    for (const offset of [500, 2_000, 20_000]) {
      const { counted, rest } = await found(even, offset)
      assert.equal(rest[0], even[offset])
      assert.ok(counted < 12 * offset, `${counted} for ${offset}`)
    }
  })

  test('is below everything where there is not so much', async () => {
    assert.deepEqual((await found([5n, 3n], 2)).rest, [])
    assert.deepEqual((await found([5n, 3n], 1e11)).rest, [])
  })
})
