import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ownerOf } from '../../../src/core/sharing/rendezvous.ts'

const NODES = ['0Fh3kPq', '0Fh3kPr', '0Fh9aZz']
const IDS = Array.from({ length: 3_000 }, (_, index) => `1A2b3C4d5E${String(index).padStart(11, '0')}`)

test('everybody answers alike, in whatever order they know the nodes', () => {
  for (const id of IDS) assert.equal(ownerOf(id, NODES), ownerOf(id, NODES.toReversed()))
  assert.equal(ownerOf('anything', []), null)
  assert.equal(ownerOf('anything', ['alone']), 'alone')
})

test('each node has about its share', () => {
  for (const node of NODES) {
    const share = IDS.filter((id) => ownerOf(id, NODES) === node).length / IDS.length
    assert.ok(share > 0.28 && share < 0.39, `${node} has ${share}`)
  }
})

test('a node that goes leaves the others with what they had, and its own to both', () => {
  const [gone, ...left] = NODES
  const heirs = new Set<string | null>()
  for (const id of IDS) {
    const before = ownerOf(id, NODES)
    const after = ownerOf(id, left)
    if (before === gone) heirs.add(after)
    else assert.equal(after, before)
  }
  assert.deepEqual([...heirs].sort(), left.sort())
})
