import assert from 'node:assert/strict'
import { test } from 'node:test'
import { StoreUnavailable } from '../../src/store/store.ts'
import { Turns } from '../../src/store/turns.ts'

test('work is done one after the other in the order in which it came, also after some that failed', async () => {
  const turns = new Turns()
  const seen: string[] = []
  const work = (name: string) => async () => {
    seen.push(`${name} begins`)
    await Promise.resolve()
    if (name === 'b') throw new Error('b fails')
    seen.push(`${name} ends`)
    return name
  }
  const all = await Promise.allSettled(['a', 'b', 'c'].map((name) => turns.take(work(name))))
  assert.deepEqual(seen, ['a begins', 'a ends', 'b begins', 'c begins', 'c ends'])
  assert.deepEqual(
    all.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  )
})

test('more work than can wait is refused, and taken again once there is room', async () => {
  const turns = new Turns()
  const { promise, resolve } = Promise.withResolvers<void>()
  const waiting = Array.from({ length: 64 }, () => turns.take(() => promise))
  await assert.rejects(
    turns.take(() => promise),
    StoreUnavailable,
  )
  resolve()
  await Promise.all(waiting)
  assert.equal(await turns.take(async () => 'done'), 'done')
})
