import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMake } from '../../store/make.ts'
import { openTestEngine } from '../test-engine.ts'

test("a deleted organization's listeners get nothing more, though their rows are still to be removed", async (t) => {
  const engine = await openTestEngine(t)
  const { store, runtime, sender, dispatcher } = engine
  const queue = await engine.addQueue()
  const listener = await engine.addListener(queue, { maxConcurrency: 1 })
  sender.reply = () => 503
  await engine.postMany(queue, 3)
  await runtime.rest()
  const before = sender.sent.length
  const outcome = await store.organizations.delete({ id: queue.organizationId })
  assert.deepEqual(outcome, { listenerIds: [listener.id] })
  for (let hours = 0; hours < 24; hours++) {
    await runtime.advance(3_600_000)
    await dispatcher.sweep()
  }
  assert.equal(sender.sent.length, before)
  runtime.assertNoErrors()
})

test('the deliveries of a frozen organization go on', async (t) => {
  const engine = await openTestEngine(t)
  const { store, runtime, sender } = engine
  const queue = await engine.addQueue()
  await engine.addListener(queue)
  sender.reply = () => 503
  const message = await engine.post(queue)
  await runtime.rest()
  const { organizationId: id } = queue
  await store.organizations.update({ id, changes: { status: 'frozen' }, now: runtime.now() })
  sender.reply = () => 200
  await runtime.advance(10_000)
  assert.deepEqual(
    (await engine.deliveriesOf(message)).map(({ status }) => status),
    ['delivered'],
  )
})

test("checks of 1,400 listeners that hang leave another organization's its place", async (t) => {
  const { checker, runtime, sender, ...engine } = await openTestEngine(t)
  const listener = await engine.addListener(await engine.addQueue())
  for (let n = 0; n < 1_400; n++) {
    checker.listenerChanged({ ...listener, id: `greedy-${n}`, livenessUrl: `http://greedy.test/${n}` })
  }
  await runtime.advance(2_000)
  assert.equal(sender.checks.length, 256, 'as many as one organization may have on the wire')
  const other = { ...listener, organizationId: 'honest', livenessUrl: 'http://honest.test/' }
  for (let n = 0; n < 10; n++) checker.listenerChanged({ ...other, id: `honest-${n}` })
  await runtime.advance(1_000)
  assert.equal(sender.checks.length, 256 + 10)
  assert.ok(sender.checks.slice(256).every(({ url }) => url === other.livenessUrl))
})

test('listeners of one organization that hang leave those of another all the attempts that they need', async (t) => {
  const { runtime, sender, dispatcher, ...engine } = await openTestEngine(t, { maxInFlight: 512 })
  const queue = await engine.addQueue()
  const listeners = []
  for (let n = 0; n < 40; n++) listeners.push(await engine.addListener(queue))
  await engine.postMany(queue, 20)
  await runtime.rest()
  const greedy = sender.open().length
  assert.ok(greedy >= 400 && greedy <= 512, `${greedy} of half of the 1,024 that there are`)

  const honest = { ...listeners[0]!, id: 'honest', organizationId: 'honest', notifyUrl: 'http://honest.test/' }
  for (let sequence = 1; sequence <= 30; sequence++) {
    assert.ok(dispatcher.reserve(honest, 1))
    const message = { ...createMake().message(queue), sequence, organizationId: 'honest' }
    const times = { dueAt: runtime.now(), attempts: 0, attemptsBefore: 0, firstSentAt: null, orderNumber: null }
    dispatcher.offer({ listenerId: honest.id, message, ...times, lease: sequence })
  }
  assert.equal(sender.open(honest.notifyUrl).length, 30)
})
