import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Problem } from '../../src/core/problem.ts'
import { SerialQueue } from '../../src/store/commit/serial-queue.ts'

test('work is done one after the other in the order in which it came, also after some that failed', async () => {
  const serialQueue = new SerialQueue()
  const seen: string[] = []
  const work = (name: string) => async () => {
    seen.push(`${name} begins`)
    await Promise.resolve()
    if (name === 'b') throw new Error('b fails')
    seen.push(`${name} ends`)
    return name
  }
  const all = await Promise.allSettled(['a', 'b', 'c'].map((name) => serialQueue.take('one', work(name))))
  assert.deepEqual(seen, ['a begins', 'a ends', 'b begins', 'c begins', 'c ends'])
  assert.deepEqual(
    all.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  )
})

test('more work than can wait is refused, and taken again once there is room', async () => {
  const serialQueue = new SerialQueue()
  const { promise, resolve } = Promise.withResolvers<void>()
  const waiting = Array.from({ length: 32 }, () => serialQueue.take('one', () => promise))
  await assert.rejects(
    serialQueue.take('one', () => promise),
    (error) => error instanceof Problem && error.code === 'too_many_readings',
  )
  resolve()
  await Promise.all(waiting)
  assert.equal(await serialQueue.take('one', async () => 'done'), 'done')
})

test('organizations take turns, so that one that asks all the time delays another by one reading', async () => {
  const serialQueue = new SerialQueue()
  const seen: string[] = []
  const work = (name: string) => async () => void seen.push(name)
  const greedy = Array.from({ length: 20 }, () => serialQueue.take('greedy', work('greedy')))
  await serialQueue.take('honest', work('honest'))
  assert.deepEqual(seen.slice(0, 3), ['greedy', 'greedy', 'honest'])
  await Promise.all(greedy)
})
