import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Found, LookUp } from '../../../../src/engine/client/names/look-up.ts'
import { LookUpLine } from '../../../../src/engine/client/names/look-up-line.ts'
import { NameError } from '../../../../src/engine/client/names/name-error.ts'
import { createNames, type NameAsk, type NamesDeps } from '../../../../src/engine/client/names/names.ts'
import { createManualRuntime } from '../../../support/manual-runtime.ts'

/** A look-up that the test answers, or that ends by its signal. */
interface Asked {
  hostname: string
  answer(addresses: string[], ttlMs?: number): void
  fail(code: NameError['code']): void
  aborted: boolean
}

function open(options: Partial<NamesDeps> = {}) {
  const runtime = createManualRuntime(0)
  const asked: Asked[] = []
  const lookUp: LookUp = (hostname, signal) => {
    const { promise, resolve, reject } = Promise.withResolvers<Found>()
    const fail = (code: NameError['code']) => reject(new NameError(code, `${hostname}: ${code}`))
    const one: Asked = {
      ...{ hostname, fail, aborted: false },
      answer: (addresses, ttlMs = 60_000) => resolve({ addresses, ttlMs }),
    }
    signal.addEventListener('abort', () => {
      one.aborted = true
      fail('NAME_UNANSWERED')
    })
    asked.push(one)
    return promise
  }
  const names = createNames({ lookUp, runtime, ...options })
  /** What it was told, so far. */
  const find = (hostname: string, ask: Partial<NameAsk> = {}) => {
    const told: string[] = []
    const cancel = names.find(hostname, { asker: 'a', ...ask }, (error, addresses) =>
      told.push(error?.code ?? addresses.join()),
    )
    return { told, cancel }
  }
  return { runtime, asked, find }
}

test('all who ask for a name at the same time share one look-up', async () => {
  const { runtime, asked, find } = open()
  const finds = [find('a.example'), find('a.example', { asker: 'b' }), find('a.example')]
  assert.deepEqual(
    asked.map(({ hostname }) => hostname),
    ['a.example'],
  )
  asked[0]!.answer(['192.0.2.1'])
  await runtime.rest()
  assert.deepEqual(
    finds.map(({ told }) => told),
    [['192.0.2.1'], ['192.0.2.1'], ['192.0.2.1']],
  )
})

test('an answer is good for its TTL, of which a second is the least and a minute the most', async () => {
  for (const [ttlMs, goodMs] of [
    [0, 1_000],
    [20_000, 20_000],
    [3_600_000, 60_000],
  ] as const) {
    const { runtime, asked, find } = open()
    find('a.example')
    asked[0]!.answer(['192.0.2.1'], ttlMs)
    await runtime.advance(goodMs - 1)
    assert.deepEqual(find('a.example').told, ['192.0.2.1'])
    assert.equal(asked.length, 1, `after ${goodMs - 1} ms`)
    await runtime.advance(1)
    assert.deepEqual(find('a.example').told, ['192.0.2.1'], 'the last answer serves while a new one is under way')
    assert.equal(asked.length, 2, `after ${goodMs} ms`)
    asked[1]!.answer(['192.0.2.2'])
    await runtime.rest()
    assert.deepEqual(find('a.example').told, ['192.0.2.2'])
  }
})

test('the last good answer serves for five minutes in which no server answers, and no longer', async () => {
  const { runtime, asked, find } = open()
  find('a.example')
  asked[0]!.answer(['192.0.2.1'])
  await runtime.advance(299_999)
  for (let rounds = 0; rounds < 3; rounds++) assert.deepEqual(find('a.example').told, ['192.0.2.1'])
  assert.equal(asked.length, 2)
  const waits = find('a.example')
  await runtime.advance(1)
  const tooLate = find('a.example')
  assert.deepEqual([waits.told, tooLate.told], [['192.0.2.1'], []])
  asked[1]!.fail('NAME_UNANSWERED')
  await runtime.rest()
  assert.deepEqual(tooLate.told, ['NAME_UNANSWERED'])
})

test('a name that does not exist any more ends the last good answer', async () => {
  const { runtime, asked, find } = open()
  find('a.example')
  asked[0]!.answer(['192.0.2.1'], 1_000)
  await runtime.advance(1_000)
  find('a.example')
  asked[1]!.fail('NAME_UNKNOWN')
  await runtime.rest()
  assert.deepEqual(find('a.example').told, ['NAME_UNKNOWN'])
  assert.equal(asked.length, 2)
})

test('that a name does not exist counts for five seconds', async () => {
  const { runtime, asked, find } = open()
  const first = find('a.example')
  asked[0]!.fail('NAME_UNKNOWN')
  await runtime.advance(4_999)
  assert.deepEqual([first.told, find('a.example').told, asked.length], [['NAME_UNKNOWN'], ['NAME_UNKNOWN'], 1])
  await runtime.advance(1)
  assert.deepEqual(find('a.example').told, [])
  assert.equal(asked.length, 2)
})

test('whoever wants to know anew does not hear of a failure before', async () => {
  const { runtime, asked, find } = open()
  find('a.example')
  asked[0]!.fail('NAME_UNKNOWN')
  await runtime.rest()
  const again = find('a.example', { anew: true })
  asked[1]!.answer(['192.0.2.1'])
  await runtime.rest()
  assert.deepEqual(again.told, ['192.0.2.1'])
})

test('a look-up ends after five seconds, and the next ones wait for 5, 10, 20 and then 30 s', async () => {
  const { runtime, asked, find } = open()
  for (const pauseMs of [5_000, 10_000, 20_000, 30_000, 30_000]) {
    const count = asked.length + 1
    const { told } = find('a.example')
    await runtime.advance(4_999)
    assert.deepEqual([told, asked.length], [[], count])
    await runtime.advance(1)
    assert.deepEqual([told, asked.at(-1)!.aborted], [['NAME_UNANSWERED'], true])
    await runtime.advance(pauseMs - 1)
    assert.deepEqual([find('a.example').told, asked.length], [['NAME_UNANSWERED'], count])
    await runtime.advance(1)
  }
})

test('whoever does not wait any more is told nothing, and the look-up goes on for others', async () => {
  const { runtime, asked, find } = open()
  const [gone, stays] = [find('a.example'), find('a.example')]
  gone.cancel()
  asked[0]!.answer(['192.0.2.1'])
  await runtime.rest()
  assert.deepEqual([gone.told, stays.told], [[], ['192.0.2.1']])
})

test('a hundred names that nobody answers for leave room for another one, of the same asker too', async () => {
  const { runtime, asked, find } = open()
  const silent = Array.from({ length: 100 }, (_, n) => `silent-${n}.example`)
  for (let round = 0; round < 20; round++) {
    for (const name of silent) find(name)
    const name = `healthy-${round}.example`
    const { told } = find(name)
    asked.find(({ hostname }) => hostname === name)!.answer(['192.0.2.1'])
    await runtime.rest()
    assert.deepEqual(told, ['192.0.2.1'])
    await runtime.advance(2_500)
  }
})

test('names that nobody answered for wait in a line of their own', async () => {
  const { runtime, asked, find } = open({ line: new LookUpLine(16, 8) })
  const silent = ['a', 'b', 'c', 'd', 'e', 'f']
  for (const name of silent) find(name)
  await runtime.advance(10_000)
  for (const name of silent) find(name)
  const under = asked.filter(({ aborted }) => !aborted).map(({ hostname }) => hostname)
  assert.deepEqual(under, ['a', 'b', 'c', 'd'], 'half of those places')
  find('new')
  assert.equal(asked.at(-1)!.hostname, 'new')
})

test('one who asks for any number of names leaves room for others, and what does not get its turn says nothing of the name', async () => {
  const { runtime, asked, find } = open({ line: new LookUpLine(16, 8) })
  const many = Array.from({ length: 50 }, (_, n) => find(`silent-${n}.example`))
  assert.equal(asked.length, 8, 'half of the places')
  find('healthy.example', { asker: 'b' })
  assert.equal(asked.at(-1)!.hostname, 'healthy.example')
  const before = asked.length
  await runtime.advance(5_000)
  assert.ok(many.every(({ told }) => told.join() === 'NAME_UNANSWERED'))
  // Those that were never asked for may be now.
  find('silent-49.example')
  assert.ok(asked.slice(before).some(({ hostname }) => hostname === 'silent-49.example'))
})

test('names are forgotten in the order in which they were last asked for', async () => {
  const { runtime, asked, find } = open({ maxNames: 2 })
  for (const name of ['a', 'b']) {
    find(name)
    asked.at(-1)!.answer(['192.0.2.1'])
    await runtime.rest()
  }
  find('a')
  find('c')
  assert.deepEqual(find('a').told, ['192.0.2.1'])
  find('b')
  assert.deepEqual(
    asked.map(({ hostname }) => hostname),
    ['a', 'b', 'c', 'b'],
  )
})
