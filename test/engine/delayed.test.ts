import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Message } from '../../src/core/message.ts'
import { idsOf, type Office, openOffice } from './office.ts'

async function move(office: Office, message: Pick<Message, 'organizationId' | 'queueId' | 'id'>, deliverAt: number) {
  const { organizationId, queueId, id } = message
  const ask = { organizationId, queueId, id, changes: { deliverAt }, now: office.runtime.now() }
  const moved = await office.store.messages.update(ask)
  assert.ok(typeof moved === 'object')
  office.dispatcher.messageMoved(moved.movedListenerIds, deliverAt)
}

test('a message that was moved is sent at its new time, earlier or later, and once', async (t) => {
  const office = await openOffice(t)
  const queue = await office.addQueue()
  await office.addListener(queue)
  office.sender.reply = () => 200
  const start = office.runtime.now()
  const [early, late] = await office.postMany(queue, 2, { deliverAt: start + 60_000 })
  await move(office, early!, start + 5_000)
  await move(office, late!, start + 90_000)
  await office.runtime.advance(100_000)
  assert.deepEqual(
    office.sender.sent.map(({ id, at }) => [id, at - start]),
    [
      [early!.id, 5_000],
      [late!.id, 90_000],
    ],
  )
  office.runtime.assertNoErrors()
})

test('a message that is moved while its queue is paused waits until that is over', async (t) => {
  const office = await openOffice(t)
  const queue = await office.addQueue()
  await office.addListener(queue)
  office.sender.reply = () => 200
  const start = office.runtime.now()
  const message = await office.post(queue, { deliverAt: start + 60_000 })
  await office.pause(queue, true)
  await move(office, message, start + 1_000)
  await office.runtime.advance(30_000)
  assert.equal(office.sender.sent.length, 0)
  await office.pause(queue, false)
  await office.runtime.rest()
  assert.deepEqual(idsOf(office.sender.sent), [message.id])
})

test('a message that is moved to a lane which nobody needed so far is sent all the same', async (t) => {
  const before = await openOffice(t, { node: 'before' })
  const queue = await before.addQueue()
  await before.addListener(queue)
  const start = before.runtime.now()
  const message = await before.post(queue, { deliverAt: start + 86_400_000 })
  const office = await openOffice(t, { after: before, node: 'heir' })
  office.sender.reply = () => 200
  await move(office, message, start + 2_000)
  await office.runtime.advance(2_000)
  assert.deepEqual(
    office.sender.sent.map(({ id, at }) => [id, at]),
    [[message.id, start + 2_000]],
  )
})

test('a hundred listeners with a hundred scheduled messages each are served, each message at its due time', async (t) => {
  const office = await openOffice(t)
  const queue = await office.addQueue()
  for (let i = 0; i < 100; i++) await office.addListener(queue)
  office.sender.reply = () => 200
  const start = office.runtime.now()
  for (let i = 1; i <= 100; i++) await office.post(queue, { deliverAt: start + i * 1_000 })
  await office.runtime.advance(100_000)
  assert.equal(office.sender.sent.length, 10_000)
  const late = office.sender.sent.filter(({ at }) => (at - start) % 1_000 !== 0)
  assert.deepEqual(late, [])
  office.runtime.assertNoErrors()
})

test('a burst that is due in one second is drained at the pace of the listener, in the order of due times', async (t) => {
  const office = await openOffice(t)
  const queue = await office.addQueue()
  await office.addListener(queue)
  office.sender.reply = () => 200
  const start = office.runtime.now()
  for (let i = 0; i < 3_000; i++) await office.post(queue, { deliverAt: start + 60_000 + (i % 1_000) })
  await office.runtime.advance(60_999)
  await office.runtime.until(() => office.sender.sent.length === 3_000, 'everything is sent')
  assert.ok(office.sender.sent.every(({ at }) => at >= start + 60_000))
  office.runtime.assertNoErrors()
})
