import assert from 'node:assert/strict'
import type { DeliverySettings } from '../../../src/core/delivery/listener.ts'
import { createBehindClock } from '../../../src/engine/push/behind-clock.ts'
import { idsOf, openTestEngine, type TestEngine } from '../test-engine.ts'
import { onBothStores } from './on-both-stores.ts'

const HOUR = 3_600_000

/** What the sweep of a server does that looks after a clock which went back. */
async function follow({ store, runtime, dispatcher }: TestEngine) {
  const behindClock = createBehindClock({ store, runtime })
  await behindClock.start()
  return async () => {
    await behindClock.tick()
    await dispatcher.sweep()
  }
}

for (const ordering of ['none', 'queue'] as const satisfies DeliverySettings['ordering'][]) {
  onBothStores(
    `ordering ${ordering}: what was accepted before a crash is sent by a server whose clock stands behind it`,
    async (engine, t, renewal) => {
      const queue = await engine.addQueue()
      await engine.addListener(queue, { ordering })
      const messages = []
      // One after the other, so that it is known in which order they were accepted.
      for (let count = 0; count < 3; count++) messages.push(await engine.post(queue))
      const later = await engine.post(queue, { deliverAt: engine.runtime.now() + HOUR })
      await renewal.stop()
      await engine.store.deliveries.release({ node: 'node-1' })
      // It is gone: whatever wakes its lanes finds nothing.
      engine.store.deliveries.claimDue = () => new Promise(() => undefined)
      const after = await openTestEngine(t, { after: engine, node: 'next', startAt: engine.runtime.now() - HOUR })
      after.sender.reply = () => 200
      await after.dispatcher.renewLeases()
      const sweep = await follow(after)
      await sweep()
      await after.runtime.until(() => after.sender.sent.length === 3, 'everything is sent')
      await after.runtime.rest()
      assert.deepEqual(idsOf(after.sender.sent), idsOf(messages), `and not ${later.id}`)
      after.runtime.assertNoErrors()
    },
  )
}

onBothStores('what goes back to the store after the clock went back is due there', async (engine) => {
  const queue = await engine.addQueue()
  await engine.addListener(queue, { maxConcurrency: 1 })
  const sweep = await follow(engine)
  const messages = await engine.postMany(queue, 3)
  await engine.runtime.until(() => engine.sender.sent.length === 1, 'the first one')
  await engine.runtime.leap(-HOUR)
  await engine.pause(queue, true)
  await engine.runtime.rest()
  await engine.pause(queue, false)
  engine.sender.reply = () => 200
  engine.sender.sent[0]!.answer(200)
  await engine.runtime.rest()
  await sweep()
  await engine.runtime.until(() => engine.sender.sent.length === 3, 'the other two')
  assert.deepEqual(idsOf(engine.sender.sent).sort(), idsOf(messages).sort())
})

onBothStores(
  'a node whose clock is set back does not believe its leases for longer than they hold',
  async (engine, _, renewal) => {
    if (!engine.store.shared) return
    await renewal.stop()
    const queue = await engine.addQueue()
    const sweep = await follow(engine)
    await engine.addListener(queue, { maxConcurrency: 1 })
    await engine.postMany(queue, 2)
    await engine.runtime.until(() => engine.sender.sent.length === 1, 'the first one')
    await engine.runtime.leap(-HOUR)
    await engine.runtime.advance(16_000)
    engine.sender.sent[0]!.answer(200)
    await engine.runtime.rest()
    assert.equal(engine.sender.sent.length, 1)
    await engine.dispatcher.renewLeases()
    await engine.runtime.rest()
    await sweep()
    await engine.runtime.until(() => engine.sender.sent.length === 2, 'the second one, once its leases hold again')
  },
)
