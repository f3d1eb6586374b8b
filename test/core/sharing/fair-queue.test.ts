import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { FairQueue } from '../../../src/core/sharing/fair-queue.ts'

// Every run tries the same walks, so that a failure can be repeated.
fc.configureGlobal({ seed: 48 })

test('owners take turns, and the items of each stay in their order', () => {
  const queue = new FairQueue<string>()
  for (let n = 0; n < 1_000; n++) queue.push('greedy', `g${n}`)
  queue.push('honest', 'h0')
  queue.push('honest', 'h1')
  assert.deepEqual(queue.take(6), ['g0', 'h0', 'g1', 'h1', 'g2', 'g3'])
  assert.equal(queue.length, 996)
})

test('who comes later waits for one item of each owner that is there', () => {
  const queue = new FairQueue<string>()
  for (const owner of ['a', 'b', 'c']) for (let n = 0; n < 10; n++) queue.push(owner, owner + n)
  assert.equal(queue.shift(), 'a0')
  queue.push('late', 'late')
  assert.deepEqual(queue.take(4), ['b0', 'c0', 'a1', 'late'])
})

test('whatever is pushed and shifted, nothing is lost, and no owner is passed by twice before another', () => {
  const step = fc.oneof(
    fc.record({ push: fc.constantFrom('a', 'b', 'c', 'd') }),
    fc.record({ shift: fc.integer({ min: 1, max: 4 }) }),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
      const queue = new FairQueue<{ owner: string; number: number }>()
      const waiting = new Map<string, number[]>()
      /** How often each owner that waits has seen another served since it came, or was served itself. */
      const passedBy = new Map<string, Map<string, number>>()
      let number = 0
      for (const does of steps) {
        if ('push' in does) {
          if (!waiting.get(does.push)?.length) passedBy.set(does.push, new Map())
          waiting.set(does.push, [...(waiting.get(does.push) ?? []), number])
          queue.push(does.push, { owner: does.push, number: number++ })
          continue
        }
        for (let times = 0; times < does.shift; times++) {
          const next = queue.peek()
          const item = queue.shift()
          assert.equal(item, next)
          if (item === undefined) break
          assert.equal(waiting.get(item.owner)!.shift(), item.number)
          passedBy.set(item.owner, new Map())
          for (const [owner, seen] of passedBy) {
            if (owner === item.owner || waiting.get(owner)!.length === 0) continue
            seen.set(item.owner, (seen.get(item.owner) ?? 0) + 1)
            assert.ok(seen.get(item.owner)! <= 1, `${owner} saw ${item.owner} twice`)
          }
        }
      }
      const left = [...waiting.values()].reduce((sum, items) => sum + items.length, 0)
      assert.equal(queue.length, left)
    }),
    { numRuns: 500 },
  )
})
