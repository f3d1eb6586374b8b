import assert from 'node:assert/strict'
import { test } from 'node:test'
import { idsOf, openTestEngine } from '../test-engine.ts'

const HELD = [
  { what: 'is disabled', held: { status: 'disabled' }, free: { status: 'enabled' } },
  { what: 'awaits verification', held: { awaitsVerification: true }, free: { awaitsVerification: false } },
] as const

for (const { what, held, free } of HELD) {
  test(`while a listener ${what} its messages are stored and none is sent; after that it gets them in order`, async (t) => {
    const engine = await openTestEngine(t)
    const queue = await engine.addQueue()
    const listener = await engine.addListener(queue, { maxConcurrency: 1 })
    const other = await engine.addListener(queue)
    engine.sender.reply = () => 200
    await engine.change(listener, { settings: held })
    const messages = await engine.postMany(queue, 5)
    await engine.dispatcher.sweep()
    await engine.runtime.until(() => engine.sender.sent.length === 5, 'the other one is sent everything')
    await engine.runtime.rest()
    assert.deepEqual(idsOf(engine.sender.sent.filter(({ url }) => url === other.notifyUrl)), idsOf(messages))
    await engine.runtime.advance(60_000)
    assert.equal(engine.sender.sent.length, 5)
    await engine.change(listener, { settings: free })
    await engine.runtime.until(() => engine.sender.sent.length === 10, 'the backlog is sent')
    await engine.runtime.rest()
    assert.deepEqual(idsOf(engine.sender.sent.slice(5)), idsOf(messages))
    assert.equal((await engine.countersOf(listener)).acknowledgedCount, 5)
    engine.runtime.assertNoErrors()
  })
}

test('what waits in memory when a listener is disabled goes back to the store, and what is on the wire is settled', async (t) => {
  const engine = await openTestEngine(t)
  const queue = await engine.addQueue()
  const listener = await engine.addListener(queue, { maxConcurrency: 1 })
  const messages = await engine.postMany(queue, 3)
  await engine.runtime.rest()
  assert.equal(engine.store.leased(), 3)
  await engine.runtime.advance(1)
  await engine.change(listener, { settings: { status: 'disabled' } })
  await engine.runtime.rest()
  assert.equal(engine.store.leased(), 1)
  engine.sender.open()[0]!.answer(200)
  await engine.runtime.rest()
  assert.deepEqual(idsOf(engine.sender.sent), idsOf([messages[0]!]))
  assert.equal((await engine.countersOf(listener)).acknowledgedCount, 1)
  assert.equal(engine.store.leased(), 0)
})

test('a queue that is resumed sends nothing to a listener that is disabled', async (t) => {
  const engine = await openTestEngine(t)
  const queue = await engine.addQueue()
  const listener = await engine.addListener(queue)
  await engine.pause(queue, true)
  await engine.postMany(queue, 2)
  await engine.runtime.advance(1)
  await engine.change(listener, { settings: { status: 'disabled' } })
  await engine.pause(queue, false)
  await engine.runtime.advance(60_000)
  assert.equal(engine.sender.sent.length, 0)
  await engine.runtime.advance(1)
  await engine.change(listener, { settings: { status: 'enabled' } })
  await engine.runtime.until(() => engine.sender.sent.length === 2, 'both are sent')
})

test('a message that was on its way into the store when its listener was disabled is not sent', async (t) => {
  const engine = await openTestEngine(t)
  const queue = await engine.addQueue()
  const listener = await engine.addListener(queue)
  await engine.runtime.advance(1)
  const release = engine.store.holdCommits()
  const posted = engine.post(queue)
  await engine.runtime.rest()
  await engine.change(listener, { settings: { status: 'disabled' } })
  release()
  await posted.catch(() => undefined)
  await engine.runtime.rest()
  assert.equal(engine.sender.sent.length, 0)
  assert.equal(engine.store.leased(), 0)
})

test('to a listener that pulls nothing is sent; with a notify_url it gets what waits', async (t) => {
  const engine = await openTestEngine(t)
  const queue = await engine.addQueue()
  const listener = await engine.addListener(queue)
  engine.sender.reply = () => 200
  await engine.runtime.advance(1)
  await engine.change(listener, { notifyUrl: null })
  await engine.postMany(queue, 2)
  await engine.dispatcher.sweep()
  await engine.runtime.advance(60_000)
  assert.equal(engine.sender.sent.length, 0)
  assert.equal(engine.store.leased(), 0)
  await engine.change(listener, { notifyUrl: 'http://pushed.test/' })
  await engine.runtime.until(() => engine.sender.sent.length === 2, 'both are sent')
})
