import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mergedQueues } from '../../../src/core/notification/standing.ts'

const part = (id: string, dueAt: number | null) => ({ id, name: `queue ${id}`, dueAt })

test('a queue that several pages tell of is overdue since the earliest that nothing keeps back', () => {
  const parts = [
    part('b', 7),
    part('a', null),
    part('b', 5),
    part('a', 9),
    part('c', null),
    part('b', null),
    part('b', 6),
  ]
  assert.deepEqual(mergedQueues(parts), [part('a', 9), part('b', 5), part('c', null)])
})

test('no part is no queue', () => {
  assert.deepEqual(mergedQueues([]), [])
})
