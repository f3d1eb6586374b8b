import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { QueueListener } from '../src/api/queries.ts'
import type { Queue } from '../src/api/types.ts'
import { hindranceOf } from '../src/pages/listeners/hindrance.ts'
import { concernsOf } from '../src/pages/overview/attention.ts'

const WELL = {
  ...{ id: 'l', name: 'shop', queue_id: 'q', notify_url: 'http://127.0.0.1/', liveness_url: null, status: 'enabled' },
  ...{ ordering: 'none', on_missed: 'continue' },
  liveness: { state: 'stable', last_failure_status: null, last_failure_at: null, last_failure_msg: null },
  messages: { missed: [], missed_count: 0, pending_count: 0, last_success_at: 90, last_failure_at: null },
} as unknown as QueueListener
const QUEUE = { id: 'q', name: 'orders', paused: false, pending_count: 0 } as unknown as Queue
const GONE = { state: 'down' as const, last_failure_at: 80, last_failure_status: 410 }

function listener(
  change: Omit<Partial<QueueListener>, 'liveness' | 'messages'> & { liveness?: object; messages?: object },
): QueueListener {
  const liveness = { ...WELL.liveness, ...change.liveness }
  return { ...WELL, ...change, liveness, messages: { ...WELL.messages, ...change.messages } }
}

const only = (one: QueueListener) => concernsOf([one], [QUEUE], [])[0]

test('nothing is the matter with a listener that is well', () => {
  assert.equal(hindranceOf(WELL), null)
  assert.deepEqual(concernsOf([WELL], [QUEUE], []), [])
})

test('a listener that answered 410 is told as disabled, why and since when, never as down', () => {
  const gone = listener({ status: 'disabled', liveness: GONE, messages: { pending_count: 3 } })
  assert.deepEqual(hindranceOf(gone), { kind: 'disabled', why: 'it answered 410 Gone', at: 80 })
  const concern = only(gone)!
  assert.match(concern.why, /^is disabled: it answered 410 Gone; 3 deliveries wait$/)
  assert.deepEqual(concern.since, { word: 'since', at: 80 })
  assert.equal(concern.remedy?.kind, 'enable')
})

test('what failed before an operator disabled it is not told as the reason', () => {
  const off = listener({ status: 'disabled', liveness: { last_failure_at: 80, last_failure_status: 503 } })
  assert.deepEqual(hindranceOf(off), { kind: 'disabled', why: null, at: null })
})

test('an order that blocks is told with the message that it waits for', () => {
  const order = { ordering: 'queue', on_missed: 'block' } as const
  const blocked = listener({ ...order, messages: { missed: ['m2', 'm1'], missed_count: 2, pending_count: 7 } })
  assert.deepEqual(hindranceOf(blocked), { kind: 'blocked', messageId: 'm2' })
  assert.match(only(blocked)!.why, /^may be blocked by a missed message; 7 deliveries wait, 2 missed deliveries$/)
  for (const change of [
    { ...order, on_missed: 'continue' as const },
    { ...order, ordering: 'none' as const },
  ]) {
    assert.equal(
      hindranceOf(listener({ ...change, messages: { missed: ['m'], missed_count: 1, pending_count: 7 } })),
      null,
    )
  }
  assert.equal(hindranceOf(listener({ ...order, messages: { missed: ['m'], missed_count: 1 } })), null)
})

test('a listener that is down says why, and its last success', () => {
  const down = listener({
    liveness: { state: 'down', last_failure_msg: 'answered 503' },
    messages: { pending_count: 1 },
  })
  const concern = only(down)!
  assert.equal(concern.why, 'is down: answered 503; 1 delivery waits')
  assert.deepEqual(concern.since, { word: 'last success', at: 90 })
  assert.equal(concern.remedy?.kind, 'check')
  assert.equal(only(listener({ ...down, notify_url: null }))!.remedy, null)
})

test('what was missed can be redelivered, and serious concerns come first', () => {
  const missed = listener({ id: 'm', messages: { missed: ['x'], missed_count: 1, last_failure_at: 70 } })
  const off = listener({ id: 'o', status: 'disabled' })
  const paused = { ...QUEUE, paused: true, pending_count: 2 }
  const concerns = concernsOf([off, missed], [paused], [])
  assert.deepEqual(
    concerns.map(({ id, remedy }) => [id, remedy?.kind]),
    [
      ['m', 'redeliver'],
      ['o', 'enable'],
      ['q', 'resume'],
    ],
  )
})
