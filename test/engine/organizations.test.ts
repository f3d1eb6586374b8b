import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openOffice } from './office.ts'

test("a deleted organization's listeners get nothing more, though their rows are still to be removed", async (t) => {
  const office = await openOffice(t)
  const { store, runtime, sender, dispatcher } = office
  const queue = await office.addQueue()
  const listener = await office.addListener(queue, { maxConcurrency: 1 })
  sender.reply = () => 503
  await office.postMany(queue, 3)
  await runtime.rest()
  const before = sender.sent.length
  const outcome = await store.organizations.delete({ id: queue.organizationId })
  assert.deepEqual(outcome, { listenerIds: [listener.id] })
  dispatcher.listenerGone(listener.id)
  for (let hours = 0; hours < 24; hours++) {
    await runtime.advance(3_600_000)
    await dispatcher.sweep()
  }
  assert.equal(sender.sent.length, before)
  runtime.assertNoErrors()
})

test('the deliveries of a frozen organization go on', async (t) => {
  const office = await openOffice(t)
  const { store, runtime, sender } = office
  const queue = await office.addQueue()
  await office.addListener(queue)
  sender.reply = () => 503
  const message = await office.post(queue)
  await runtime.rest()
  const { organizationId: id } = queue
  await store.organizations.update({ id, changes: { status: 'frozen' }, now: runtime.now() })
  sender.reply = () => 200
  await runtime.advance(10_000)
  assert.deepEqual(
    (await office.deliveriesOf(message)).map(({ status }) => status),
    ['delivered'],
  )
})
