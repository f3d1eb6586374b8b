import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { LivenessState } from '../../../src/core/delivery/liveness.ts'
import type { Store } from '../../../src/store/store.ts'
import { openMemoryStore } from '../../support/memory-store.ts'
import { openTestEngine, type TestEngine } from '../test-engine.ts'

const MINUTE_MS = 60_000

/** Two nodes on one store; `nodes` says who of them lives. */
async function openTwo(t: TestContext) {
  const opened = await openMemoryStore()
  t.after(() => opened.close())
  const nodes = ['node-1', 'node-2']
  const store: Store = { ...opened, liveness: { ...opened.liveness, nodes: async () => [...nodes] } }
  const first = await openTestEngine(t, { store, node: 'node-1' })
  const second = await openTestEngine(t, { store, node: 'node-2', after: first })
  const both = [first, second]
  return {
    both,
    nodes,
    store,
    /** A little at a time, so that what one finds can be told to the other. */
    async advance(ms: number) {
      for (let done = 0; done < ms; done += 1_000) for (const { runtime } of both) await runtime.advance(1_000)
    },
    /** As a notification does it. */
    tell(state: LivenessState, listenerId: string, to: TestEngine) {
      to.checker.told(listenerId, state)
    },
  }
}

const aliveAt = (number: number) => ({ livenessUrl: `http://listener.test/alive/${number}` })
const urlsOf = ({ sender }: TestEngine) => new Set(sender.checks.map(({ url }) => url))

/** A listener that is checked, the node that asks it, and the one that is told. */
async function openChecked(t: TestContext) {
  const two = await openTwo(t)
  const [first, second] = two.both as [TestEngine, TestEngine]
  const queue = await first.addQueue()
  const listener = await first.addListener(queue)
  const receiver = { alive: true }
  for (const { sender, checker } of two.both) {
    sender.alive = () => (receiver.alive ? 200 : 'connection_refused')
    await checker.scan()
  }
  await two.advance(2_000)
  const [asks, told] = first.sender.checks.length > 0 ? [first, second] : [second, first]
  assert.equal(told.sender.checks.length, 0)
  const askingNode = asks === first ? 'node-1' : 'node-2'
  return { ...two, queue, listener, receiver, asks, told, askingNode }
}

test('of several nodes one asks a listener, about every half minute', async (t) => {
  const { both, advance } = await openTwo(t)
  const queue = await both[0]!.addQueue()
  for (let added = 0; added < 40; added++) await both[0]!.addListener(queue, {}, aliveAt(added))
  for (const { checker, sender } of both) {
    sender.alive = () => 200
    await checker.scan()
  }
  await advance(5 * MINUTE_MS)
  const [first, second] = both.map(urlsOf)
  assert.equal(first!.size + second!.size, 40)
  assert.ok(first!.isDisjointFrom(second!))
  assert.ok(first!.size > 5 && second!.size > 5, `${first!.size} and ${second!.size}`)
  const checks = both.flatMap(({ sender }) => sender.checks).length
  assert.ok(checks >= 40 * 8 && checks <= 40 * 13, `${checks} checks in five minutes`)
})

test('what a node asked that is gone is asked by another one, and given back when it returns', async (t) => {
  const { both, nodes, advance } = await openTwo(t)
  const first = both[0]!
  const queue = await first.addQueue()
  for (let added = 0; added < 20; added++) await first.addListener(queue, {}, aliveAt(added))
  for (const { checker, sender } of both) {
    sender.alive = () => 200
    await checker.scan()
  }
  await advance(MINUTE_MS)
  const before = urlsOf(first)
  nodes.pop()
  await first.checker.share()
  await advance(MINUTE_MS)
  assert.equal(urlsOf(first).size, 20)
  nodes.push('node-2')
  await first.checker.share()
  first.sender.checks.length = 0
  await advance(2 * MINUTE_MS)
  assert.deepEqual(urlsOf(first), before)
})

test('a node goes by what it is told: down holds everything, stable lets it go', async (t) => {
  const { queue, listener, told, tell } = await openChecked(t)
  told.sender.reply = () => 200
  tell('down', listener.id, told)
  await told.post(queue)
  await told.runtime.advance(MINUTE_MS)
  assert.equal(told.sender.sent.length, 0)
  tell('stable', listener.id, told)
  await told.runtime.advance(1_000)
  assert.equal(told.sender.sent.length, 1)
  assert.equal(told.sender.checks.length, 0)
})

test('a node that was not told finds in the store what the other has written', async (t) => {
  const { queue, listener, receiver, asks, told, advance } = await openChecked(t)
  receiver.alive = false
  await advance(MINUTE_MS)
  await asks.registry.writeAll()
  await told.checker.scan()
  await told.post(queue)
  await told.runtime.advance(MINUTE_MS)
  assert.equal(told.sender.sent.length, 0)
  assert.equal((await told.countersOf(listener)).liveness.state, 'down')
})

test('a node whose own deliveries fail asks by itself until it is answered, and writes no verdict', async (t) => {
  const { queue, listener, receiver, told, tell } = await openChecked(t)
  receiver.alive = false
  told.sender.reply = () => 'connection_refused'
  await told.post(queue)
  await told.runtime.advance(20_000)
  assert.ok(told.sender.checks.length >= 3, `${told.sender.checks.length} checks`)
  const tried = told.sender.sent.length
  // Other nodes reach it, which does not help this one.
  tell('stable', listener.id, told)
  await told.runtime.advance(MINUTE_MS)
  assert.equal(told.sender.sent.length, tried)
  await told.registry.writeAll()
  assert.equal((await told.countersOf(listener)).liveness.state, 'unknown')
  receiver.alive = true
  told.sender.reply = () => 200
  await told.runtime.advance(15_000)
  assert.equal(told.sender.sent.at(-1)?.status, 200)
  const checks = told.sender.checks.length
  await told.runtime.advance(5 * MINUTE_MS)
  assert.equal(told.sender.checks.length, checks)
})

test('a node that finds a listener down which it has just been given says so', async (t) => {
  const { queue, listener, receiver, nodes, told, askingNode } = await openChecked(t)
  receiver.alive = false
  told.sender.reply = () => 'connection_refused'
  await told.post(queue)
  await told.runtime.advance(20_000)
  nodes.splice(nodes.indexOf(askingNode), 1)
  await told.checker.share()
  await told.registry.writeAll()
  assert.equal((await told.countersOf(listener)).liveness.state, 'down')
})
