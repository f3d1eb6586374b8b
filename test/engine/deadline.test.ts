import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Deadline } from '../../src/engine/deadline.ts'

/** A deadline whose time is over when the test says so, and what it logs. */
function deadline() {
  const lines: string[] = []
  let end = () => {}
  const after = (_: number, run: () => void) => {
    end = run
    return () => undefined
  }
  const log = { debug() {}, info() {}, warn() {}, error: (_: object, line: string) => void lines.push(line) }
  return { it: new Deadline({ after, log }, 1_000), lines, end: () => end() }
}

test('work that ends in time is waited for, and nothing is said of it', async () => {
  const { it, lines } = deadline()
  const order: string[] = []
  const work = Promise.withResolvers<void>()
  const waited = it.wait('the work', work.promise).then(() => order.push('waited'))
  order.push('ended')
  work.resolve()
  await waited
  assert.deepEqual([order, lines], [['ended', 'waited'], []])
})

test('work that fails is logged, and does not keep what comes after it from being done', async () => {
  const { it, lines } = deadline()
  await it.wait('the work', Promise.reject(new Error('the store is away')))
  assert.deepEqual(lines, ['the work: failed'])
})

test('once the time is over nothing is waited for, and what fails later is still heard', async () => {
  const { it, lines, end } = deadline()
  const work = Promise.withResolvers<void>()
  const waited = it.wait('the work', work.promise)
  end()
  await waited
  await it.wait('more work', new Promise(() => undefined))
  assert.deepEqual(lines, ['the work: not waited for any longer', 'more work: not waited for any longer'])
  work.reject(new Error('late'))
  await new Promise((resolve) => setImmediate(resolve))
  assert.equal(lines.at(-1), 'the work: failed')
})
