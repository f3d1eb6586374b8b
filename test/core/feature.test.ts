import assert from 'node:assert/strict'
import { test } from 'node:test'
import { notUnderstood } from '../../src/core/feature.ts'

test('where all nodes know a setting nothing speaks against it', () => {
  assert.equal(notUnderstood([]), null)
})

test('nodes that do not know a setting are named, three of them', () => {
  assert.match(
    notUnderstood(['a'])!,
    /the node a runs a version that does not know it; .* that node is updated or gone$/,
  )
  assert.match(notUnderstood(['a', 'b'])!, /the nodes a, b run versions/)
  assert.match(notUnderstood(['a', 'b', 'c'])!, /the nodes a, b, c run versions/)
  assert.match(notUnderstood(['a', 'b', 'c', 'd', 'e'])!, /the nodes a, b, c and 2 more run versions/)
})
