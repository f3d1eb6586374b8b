import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { nextAction } from '../../torture/plan/action.ts'
import { planOf } from '../../torture/plan/plan.ts'
import { randomOf } from '../../torture/plan/random.ts'

const weights = { kill: 5, stop: 1, 'power cut': 2 }

describe('a plan', () => {
  test('follows from its seed: the same again, and another for another', () => {
    const plan = (seed: number) => planOf({ seed, faults: 50, nodes: 3, weights })
    assert.deepEqual(plan(7), plan(7))
    assert.notDeepEqual(plan(7).faults, plan(8).faults)
  })

  test('begins as a shorter one does', () => {
    const plan = (faults: number) => planOf({ seed: 7, faults, nodes: 3, weights }).faults
    assert.deepEqual(plan(50).slice(0, 20), plan(20))
  })

  test('has the kinds that it was given weights for, on every node, and a promotion at its end alone', () => {
    const { faults } = planOf({ seed: 7, faults: 200, nodes: 3, weights: { ...weights, promote: 9 } })
    assert.deepEqual(new Set(faults.slice(0, -1).map(({ kind }) => kind)), new Set(Object.keys(weights)))
    assert.deepEqual(new Set(faults.map(({ node }) => node)), new Set([0, 1, 2]))
    assert.equal(faults.at(-1)!.kind, 'promote')
    assert.equal(faults.length, 201)
  })
})

test('what a lane does follows from the seed and its number, and everything comes up', () => {
  const actions = (seed: number, lane: number) => {
    const random = randomOf(seed, 'actions', lane)
    return Array.from({ length: 2_000 }, () => nextAction(random))
  }
  assert.deepEqual(actions(7, 1), actions(7, 1))
  assert.notDeepEqual(actions(7, 1), actions(7, 2))
  assert.equal(new Set(actions(7, 1).map((action) => action.do)).size, 11)
})

test('numbers of a seed are spread evenly', () => {
  const random = randomOf(1, 'spread')
  const counts = Array.from({ length: 10 }, () => 0)
  for (let count = 0; count < 10_000; count++) counts[random.between(0, 9)]! += 1
  for (const count of counts) assert.ok(count > 850 && count < 1_150, String(counts))
})
