import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type PendingAccept, PendingAccepts } from '../../../src/engine/commit/pending-accepts.ts'
import { createMake } from '../../store/make.ts'

const make = createMake()
const queue = make.queue(make.organization())

function accept(messages: number, listeners: number, chars = 1, organizationId?: string): PendingAccept {
  const deliveries = Array.from({ length: listeners }, (_, i) => ({ listenerId: `${i}`, leased: false }))
  const given = make.message(queue)
  const owner = organizationId ?? given.organizationId
  const message = { ...given, organizationId: owner, data: 'x'.repeat(chars) }
  const write = {
    queueVersion: 1,
    answer: null,
    messages: Array.from({ length: messages }, () => ({ message, deliveries })),
  }
  return { write, resolve: () => undefined, reject: () => undefined }
}

/** What each commit takes, until nothing waits. */
function commitsOf(pending: PendingAccepts): PendingAccept[][] {
  const commits = []
  while (pending.length > 0) {
    const taken = pending.take()
    assert.ok(taken.length > 0)
    commits.push(taken)
    pending.release(taken)
  }
  return commits
}

const deliveriesOf = (taken: PendingAccept[]) =>
  taken.reduce((sum, { write }) => sum + write.messages.length * write.messages[0]!.deliveries.length, 0)

test('a commit has at most 10,000 deliveries, however few messages they are of', () => {
  const pending = new PendingAccepts()
  for (let i = 0; i < 30; i++) pending.push(accept(1, 1_000))
  const commits = commitsOf(pending)
  assert.deepEqual(commits.map(deliveriesOf), [10_000, 10_000, 10_000])
})

test('a commit has at most 16 Mi characters of data', () => {
  const pending = new PendingAccepts()
  for (let i = 0; i < 100; i++) pending.push(accept(1, 1, 256 * 1024))
  assert.deepEqual(
    commitsOf(pending).map(({ length }) => length),
    [64, 36],
  )
})

test('a message to many listeners is kept apart from light ones, which wait for one such commit at most', () => {
  const pending = new PendingAccepts()
  for (let i = 0; i < 3; i++) pending.push(accept(1, 10_000))
  const sizes = []
  for (let commit = 0; commit < 6; commit++) {
    pending.push(accept(1, 1))
    const taken = pending.take()
    assert.equal(taken.filter(({ write }) => write.messages[0]!.deliveries.length === 1).length, 1)
    sizes.push(deliveriesOf(taken))
    pending.release(taken)
  }
  assert.deepEqual(sizes, [1, 10_001, 1, 10_001, 1, 10_001])
})

test('what waits, or is being written, is bounded by its deliveries too, and heavy accepts leave room for light ones', () => {
  const pending = new PendingAccepts()
  let heavy = 0
  while (pending.push(accept(1, 10_000)) === null) heavy++
  assert.equal(heavy, 10)
  assert.equal(pending.push(accept(1, 100)), null)
  // The first commit is the light one's.
  pending.release(pending.take())
  const taken = pending.take()
  assert.equal(pending.push(accept(1, 10_000))?.code, 'overloaded', 'what is being written is still in memory')
  pending.release(taken)
  assert.equal(pending.push(accept(1, 10_000)), null)
})

test('organizations take turns, and one that has its share is told so while another gets its place', () => {
  const pending = new PendingAccepts()
  let greedy = 0
  let refusal = pending.push(accept(1, 1, 1, 'greedy'))
  for (; refusal === null; refusal = pending.push(accept(1, 1, 1, 'greedy'))) greedy++
  assert.equal(greedy, 10_000)
  assert.match(refusal.detail, /the organization has 10,000 of the 15,000 messages that may wait/)
  assert.equal(refusal.headers['retry-after'], '1')
  for (let i = 0; i < 300; i++) assert.equal(pending.push(accept(1, 1, 1, 'honest')), null)
  const first = pending.take()
  const honest = first.filter(({ write }) => write.messages[0]!.message.organizationId === 'honest')
  assert.deepEqual([first.length, honest.length], [1_000, 300])
})
