import assert from 'node:assert/strict'
import { test } from 'node:test'
import { StoreUnavailable } from '../../../src/store/store.ts'
import { openTestEngine } from '../test-engine.ts'

const MINUTE_MS = 60_000

test('claims that fail for good are counted each time, logged once a minute, and make the node not ready', async (t) => {
  const engine = await openTestEngine(t)
  const queue = await engine.addQueue()
  await engine.addListener(queue)
  engine.sender.reply = () => 200
  engine.store.failClaim = () => new StoreUnavailable('a fraction was refused')
  await engine.post(queue, { deliverAt: engine.runtime.now() + 1_000 })
  await engine.runtime.advance(1_000)
  assert.equal(engine.claims.reason(), null, 'a single failure may be over in a second')
  await engine.runtime.advance(5 * MINUTE_MS)
  const failed = engine.counters.failedClaims
  assert.ok(failed > 200 && failed < 400, `${failed} claims failed`)
  const lines = engine.runtime.lines.filter(({ message }) => message === 'a claim failed')
  assert.equal(lines.length, 6)
  assert.equal(lines[0]!.fields.notLoggedSince, 0)
  assert.equal(lines[1]!.fields.notLoggedSince, 59)
  assert.match(String(lines[1]!.fields.err), /a fraction was refused/)
  assert.equal(engine.claims.reason(), 'what is due cannot be read from the store')

  engine.store.failClaim = () => null
  await engine.runtime.advance(2_000)
  assert.equal(engine.claims.reason(), null)
  assert.equal(engine.sender.sent.length, 1)
})

test('one listener whose claims fail makes no node unready on which those of others succeed', async (t) => {
  const engine = await openTestEngine(t)
  const [bad, good] = [await engine.addQueue(), await engine.addQueue()]
  const listener = await engine.addListener(bad)
  await engine.addListener(good)
  engine.sender.reply = () => 200
  engine.store.failClaim = ({ listenerId }) => (listenerId === listener.id ? new StoreUnavailable('a bad row') : null)
  const later = (n: number) => ({ deliverAt: engine.runtime.now() + n * 1_000 })
  await engine.post(bad, later(1))
  for (let second = 1; second < 60; second += 5) await engine.post(good, later(second))
  for (let second = 1; second < 60; second++) {
    await engine.runtime.advance(1_000)
    assert.equal(engine.claims.reason(), null, `after ${second} s`)
  }
  assert.ok(engine.counters.failedClaims > 30)
})

test('a listener whose claims failed, and that is gone, is forgotten', async (t) => {
  const engine = await openTestEngine(t)
  for (let second = 0; second <= 20; second++) {
    engine.claims.failed(new Error('away'), 'l')
    await engine.runtime.advance(1_000)
  }
  assert.notEqual(engine.claims.reason(), null)
  await engine.runtime.advance(30_000)
  assert.equal(engine.claims.reason(), null)
  engine.claims.failed(new Error('away'), 'l')
  assert.equal(engine.claims.reason(), null, 'what begins anew has its time')
})

test('another fault is logged at once', async (t) => {
  const engine = await openTestEngine(t)
  for (const message of ['one', 'one', 'other', 'other']) engine.claims.failed(new Error(message), null)
  const told = engine.runtime.lines.map(({ fields }) => (fields.err as Error).message)
  assert.deepEqual(told, ['one', 'other'])
})
