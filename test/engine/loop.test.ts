import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLoop } from '../../src/engine/loop.ts'
import { createManualRuntime } from '../support/manual-runtime.ts'

const IDLE_MS = 500

/** A loop whose rounds the test ends one by one, each with what it found. */
function startedLoop() {
  const runtime = createManualRuntime(1_000_000)
  const rounds: { at: number; end: (found: number) => void; fail: (error: Error) => void }[] = []
  let running = 0
  let mostRunning = 0
  const loop = createLoop({
    name: 'test',
    idleMs: IDLE_MS,
    runtime,
    tick() {
      running += 1
      mostRunning = Math.max(mostRunning, running)
      const { promise, resolve, reject } = Promise.withResolvers<number>()
      rounds.push({ at: runtime.now(), end: resolve, fail: reject })
      return promise.finally(() => {
        running -= 1
      })
    },
  })
  loop.start()
  return { loop, runtime, rounds, mostRunning: () => mostRunning }
}

test('the first round runs at once', async () => {
  const { runtime, rounds } = startedLoop()
  await runtime.advance(0)
  assert.equal(rounds.length, 1)
})

test('while it finds work it goes on without a pause', async () => {
  const { runtime, rounds } = startedLoop()
  await runtime.advance(0)
  for (let round = 0; round < 5; round++) {
    rounds[round]!.end(1)
    await runtime.advance(0)
  }
  assert.equal(rounds.length, 6)
})

test('a round that found nothing is followed by a pause', async () => {
  const { runtime, rounds } = startedLoop()
  await runtime.advance(0)
  rounds[0]!.end(0)
  await runtime.advance(IDLE_MS - 1)
  assert.equal(rounds.length, 1)
  await runtime.advance(1)
  assert.equal(rounds.length, 2)
})

test('a wake cuts the pause short, and only that one', async () => {
  const { loop, runtime, rounds } = startedLoop()
  await runtime.advance(0)
  rounds[0]!.end(0)
  await runtime.advance(100)
  loop.wake()
  loop.wake()
  await runtime.advance(0)
  assert.equal(rounds.length, 2)
  rounds[1]!.end(0)
  await runtime.advance(IDLE_MS - 1)
  assert.equal(rounds.length, 2)
  await runtime.advance(1)
  assert.equal(rounds.length, 3)
})

test('a wake during a round is not lost: what it tells of may have come after the round looked', async () => {
  const { loop, runtime, rounds } = startedLoop()
  await runtime.advance(0)
  loop.wake()
  await runtime.advance(10)
  rounds[0]!.end(0)
  await runtime.advance(0)
  assert.equal(rounds.length, 2)
})

test('two rounds never run at once, whoever asks for them', async () => {
  const { loop, runtime, rounds, mostRunning } = startedLoop()
  await runtime.advance(0)
  loop.wake()
  await runtime.advance(0)
  const asked = loop.tick()
  loop.wake()
  await runtime.advance(IDLE_MS)
  assert.equal(rounds.length, 1)
  rounds[0]!.end(3)
  assert.equal(await asked, 3)
  await runtime.advance(0)
  assert.equal(rounds.length, 2)
  assert.equal(mostRunning(), 1)
})

test('a round that throws is logged, and the loop goes on after the pause', async () => {
  const { runtime, rounds } = startedLoop()
  await runtime.advance(0)
  rounds[0]!.fail(new Error('no luck'))
  await runtime.advance(IDLE_MS - 1)
  assert.equal(rounds.length, 1)
  await runtime.advance(1)
  assert.equal(rounds.length, 2)
  assert.deepEqual(runtime.errors(), ['a round failed'])
  assert.equal(runtime.lines[0]!.fields.loop, 'test')
})

test('stopping waits for the running round and starts no other', async () => {
  const { loop, runtime, rounds } = startedLoop()
  await runtime.advance(0)
  let stopped = false
  const stopping = loop.stop().then(() => {
    stopped = true
  })
  await runtime.advance(IDLE_MS)
  assert.equal(stopped, false)
  rounds[0]!.end(1)
  await stopping
  loop.wake()
  await runtime.advance(10 * IDLE_MS)
  assert.equal(rounds.length, 1)
})

test('stopping does not throw what the last round threw', async () => {
  const { loop, runtime, rounds } = startedLoop()
  await runtime.advance(0)
  const stopping = loop.stop()
  rounds[0]!.fail(new Error('no luck'))
  await stopping
  await runtime.rest()
  assert.deepEqual(runtime.errors(), ['a round failed'])
})

test('stopping in a pause ends it', async () => {
  const { loop, runtime, rounds } = startedLoop()
  await runtime.advance(0)
  rounds[0]!.end(0)
  await runtime.rest()
  await loop.stop()
  await runtime.advance(10 * IDLE_MS)
  assert.equal(rounds.length, 1)
})
