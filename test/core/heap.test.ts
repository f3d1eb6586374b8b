import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Heap } from '../../src/core/heap.ts'

const numbers = fc.array(fc.integer({ min: 0, max: 50 }))
const drained = (heap: Heap<number>) => Array.from({ length: heap.size }, () => heap.pop())

function heapOf(items: readonly number[]): Heap<number> {
  const heap = new Heap<number>((one, other) => one < other)
  for (const item of items) heap.push(item)
  return heap
}

test('what goes in comes out in order, and the first is always in sight', () =>
  fc.assert(
    fc.property(numbers, numbers, (first, second) => {
      const heap = heapOf(first)
      assert.equal(heap.peek(), first.length === 0 ? undefined : Math.min(...first))
      const early = heap.pop()
      for (const item of second) heap.push(item)
      const left = [...first, ...second].toSorted((a, b) => a - b)
      if (early !== undefined) left.splice(left.indexOf(early), 1)
      assert.deepEqual(drained(heap), left)
      assert.equal(heap.pop(), undefined)
    }),
    { seed: 5 },
  ))

test('what is thrown out is gone, and the rest still in order', () =>
  fc.assert(
    fc.property(numbers, fc.integer({ min: 2, max: 5 }), (items, divisor) => {
      const heap = heapOf(items)
      heap.keepOnly((item) => item % divisor === 0)
      assert.deepEqual(
        drained(heap),
        items.filter((item) => item % divisor === 0).toSorted((a, b) => a - b),
      )
    }),
    { seed: 5 },
  ))
