import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { createRuntime } from '../../../../src/runtime.ts'
import type { Database } from '../../../../src/store-postgres/connect/transaction.ts'
import { createRollup } from '../../../../src/store-postgres/telemetry/rollup.ts'
import { silentLog } from '../../../support/silent-log.ts'

/** A rollup whose transactions end when the test says so. */
function heldRollup() {
  const transactions: PromiseWithResolvers<number>[] = []
  const transact = (() => {
    const held = Promise.withResolvers<number>()
    transactions.push(held)
    return held.promise
  }) as Database['transact']
  const { all } = createRollup({ transact }, createRuntime(silentLog), async () => undefined)
  const ended: string[] = []
  const ask = (name: string) => {
    const note = (how: string) => () => void ended.push(`${name} ${how}`)
    all().then(note('done'), note('failed'))
  }
  return { transactions, ended, ask }
}

test('who asks while counts are added up waits for that run and shares the one after it, which no other runs beside', async () => {
  const { transactions, ended, ask } = heldRollup()
  ask('first')
  await turn()
  for (const name of ['second', 'third']) ask(name)
  await turn()
  assert.equal(transactions.length, 1)
  transactions[0]!.resolve(1)
  await turn()
  assert.deepEqual(ended, ['first done'])
  assert.equal(transactions.length, 2)
  transactions[1]!.resolve(1)
  await turn()
  assert.deepEqual(ended, ['first done', 'second done', 'third done'])
})

test('a run that fails is heard by those who asked for it, and the next one begins', async () => {
  const { transactions, ended, ask } = heldRollup()
  ask('first')
  await turn()
  ask('second')
  transactions[0]!.reject(new Error('the connection ended'))
  await turn()
  transactions[1]!.resolve(1)
  await turn()
  assert.deepEqual(ended, ['first failed', 'second done'])
})
