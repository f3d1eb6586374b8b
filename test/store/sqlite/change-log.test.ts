import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { ChangeLog, createTransact } from '../../../src/store-sqlite/transaction.ts'

const change = (digest: string) => ({ kind: 'api_key', digest }) as const

function openLog() {
  const log = new ChangeLog()
  const heard: unknown[] = []
  log.followers.follow((it) => void heard.push(it))
  return { log, heard, transact: createTransact(new DatabaseSync(':memory:'), () => undefined, log) }
}

test('what a transaction notes is told after the call that wrote, and before its caller has the answer', async () => {
  const { log, heard, transact } = openLog()
  async function write(): Promise<void> {
    transact(() => log.note(change('a')))
    assert.deepEqual(heard, [], 'told within the call')
  }
  await write()
  assert.deepEqual(heard, [change('a')])
})

test('what a transaction notes that is undone is never told, not with the next one either', async () => {
  const { log, heard, transact } = openLog()
  const undone = () =>
    transact(() => {
      log.note(change('a'))
      throw new Error('undone')
    })
  assert.throws(undone, /undone/)
  transact(() => log.note(change('b')))
  await Promise.resolve()
  assert.deepEqual(heard, [change('b')])
})

test('who does not follow any more is told nothing', async () => {
  const { log, transact } = openLog()
  const heard: unknown[] = []
  const unfollow = log.followers.follow((it) => void heard.push(it))
  unfollow()
  transact(() => log.note(change('a')))
  await Promise.resolve()
  assert.deepEqual(heard, [])
})
