import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SerialTurns } from '../../../src/core/sharing/serial-turns.ts'

test('one piece goes on in each turn, and organizations take turns', async () => {
  const turnsOfLoop: (() => void)[] = []
  const turns = new SerialTurns((run) => turnsOfLoop.push(run))
  const order: string[] = []
  for (const owner of ['greedy', 'greedy', 'greedy', 'honest']) void turns.next(owner).then(() => order.push(owner))
  for (let n = 1; n <= 4; n++) {
    assert.equal(turnsOfLoop.length, 1)
    turnsOfLoop.shift()!()
    await Promise.resolve()
    assert.equal(order.length, n)
  }
  assert.deepEqual(order, ['greedy', 'honest', 'greedy', 'greedy'])
  assert.equal(turnsOfLoop.length, 0)
  void turns.next('greedy').then(() => order.push('again'))
  turnsOfLoop.shift()!()
  await Promise.resolve()
  assert.equal(order.at(-1), 'again')
})
