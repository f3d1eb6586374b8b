import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NOW } from '../store/make.ts'
import { idsOf, type Office, openOffice } from './office.ts'

test('a slot is not lost with the lane that was told of it: its listener may have gone', async (t) => {
  const office = await openOffice(t, { maxInFlight: 1 })
  const queues = [await office.addQueue(), await office.addQueue(), await office.addQueue()]
  const listeners = []
  for (const queue of queues) listeners.push(await office.addListener(queue))
  for (const queue of queues) await office.post(queue)
  await office.runtime.rest()
  await removeListener(office, listeners[1]!)
  office.sender.open()[0]!.answer(200)
  await office.runtime.rest()
  assert.deepEqual(
    office.sender.open().map(({ url }) => url),
    [listeners[2]!.notifyUrl],
  )
})

test('a deleted message that waits in memory is not sent', async (t) => {
  const office = await openOffice(t)
  const queue = await office.addQueue()
  await office.addListener(queue, { maxConcurrency: 1 })
  const [first, deleted, last] = await office.postMany(queue, 3)
  await office.runtime.rest()
  await removeMessage(office, deleted!)
  office.sender.reply = () => 200
  office.sender.open()[0]!.answer(200)
  await office.runtime.advance(60_000)
  assert.deepEqual(idsOf(office.sender.sent), [first!.id, last!.id])
  office.runtime.assertNoErrors()
})

test('a deleted message that waits for its next attempt is not sent again', async (t) => {
  const office = await openOffice(t)
  const queue = await office.addQueue()
  await office.addListener(queue)
  office.sender.reply = () => 503
  const message = await office.post(queue)
  await office.runtime.rest()
  await removeMessage(office, message)
  await office.runtime.advance(86_400_000)
  assert.equal(office.sender.sent.length, 1)
  office.runtime.assertNoErrors()
})

test('the answer to a message that was deleted meanwhile writes nothing and frees its place', async (t) => {
  const office = await openOffice(t)
  const queue = await office.addQueue()
  const listener = await office.addListener(queue, { maxConcurrency: 1 })
  const deleted = await office.post(queue)
  await office.runtime.rest()
  await removeMessage(office, deleted)
  office.sender.open()[0]!.answer(200)
  await office.runtime.rest()
  assert.equal((await office.figuresOf(listener)).acknowledgedCount, 0)
  const next = await office.post(queue)
  await office.runtime.rest()
  assert.deepEqual(idsOf(office.sender.open()), [next.id])
  office.runtime.assertNoErrors()
})

test('a deleted listener is sent nothing more, and its late answers write nothing', async (t) => {
  const office = await openOffice(t)
  const queue = await office.addQueue()
  const gone = await office.addListener(queue, { maxConcurrency: 2 })
  const messages = await office.postMany(queue, 5)
  await office.runtime.rest()
  await removeListener(office, gone)
  const commits = office.store.commits.length
  for (const [index, sent] of office.sender.open().entries()) sent.answer(index === 0 ? 200 : 503)
  await office.runtime.advance(3_600_000)
  assert.equal(office.sender.sent.length, 2)
  assert.ok(office.store.commits.length - commits <= 2)
  for (const { queueId, id } of messages) {
    assert.deepEqual(await office.store.messages.attempts({ organizationId: queue.organizationId, queueId, id }), [])
  }
  office.runtime.assertNoErrors()
})

test('a changed URL, secret and concurrency hold from the next attempt on', async (t) => {
  const office = await openOffice(t)
  const queue = await office.addQueue()
  const listener = await office.addListener(queue, { maxConcurrency: 1, timeoutMs: 1_000 })
  await office.postMany(queue, 4)
  await office.runtime.advance(1)
  await office.change(listener, {
    notifyUrl: 'http://moved.test/x?y=1',
    settings: { maxConcurrency: 3, timeoutMs: 9_000 },
  })
  await office.runtime.rest()
  assert.deepEqual(
    office.sender.sent.map(({ url, request }) => [url, request.timeoutMs]),
    [
      [listener.notifyUrl, 1_000],
      ['http://moved.test/x?y=1', 9_000],
      ['http://moved.test/x?y=1', 9_000],
    ],
  )
})

test('a changed retry policy judges the attempts that end from now on', async (t) => {
  const office = await openOffice(t)
  const queue = await office.addQueue()
  const listener = await office.addListener(queue)
  const message = await office.post(queue)
  await office.runtime.rest()
  await office.change(listener, { settings: { retry: { ...listener.settings.retry, maxAttempts: 1 } } })
  office.sender.open()[0]!.answer(503)
  await office.runtime.rest()
  assert.deepEqual((await office.figuresOf(listener)).missedMessageIds, [message.id])
})

test('a change that is older than what the lane knows is ignored', async (t) => {
  const office = await openOffice(t)
  const queue = await office.addQueue()
  const listener = await office.addListener(queue)
  await office.post(queue)
  await office.change(listener, { notifyUrl: 'http://moved.test/' })
  office.dispatcher.listenerChanged(listener)
  await office.post(queue)
  await office.runtime.rest()
  assert.equal(office.sender.sent.at(-1)!.url, 'http://moved.test/')
})

async function removeMessage(
  { store, dispatcher, runtime }: Office,
  message: { organizationId: string; queueId: string; id: string },
): Promise<void> {
  const { organizationId, queueId, id } = message
  const outcome = await store.messages.delete({ organizationId, queueId, id, now: runtime.now() })
  assert.ok(typeof outcome === 'object')
  dispatcher.messageGone(id, outcome.listenerIds)
}

async function removeListener(
  { store, dispatcher }: Office,
  listener: { organizationId: string; queueId: string; id: string },
): Promise<void> {
  const { organizationId, queueId, id } = listener
  assert.equal(await store.listeners.delete({ organizationId, queueId, id, now: NOW }), 'deleted')
  dispatcher.listenerGone(id)
}
