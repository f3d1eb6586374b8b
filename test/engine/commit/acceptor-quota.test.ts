import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Problem } from '../../../src/core/problem.ts'
import { createAcceptor } from '../../../src/engine/commit/acceptor.ts'
import type { Committer } from '../../../src/engine/commit/committer.ts'
import type { Dispatcher } from '../../../src/engine/push/dispatcher.ts'
import { createMake, NOW } from '../../store/make.ts'
import { NO_FOLLOWERS } from '../../support/followers.ts'
import { createManualRuntime } from '../../support/manual-runtime.ts'

test('a message over a limit is a 402, and the places that were kept for it in the lanes are given back', async () => {
  const make = createMake()
  const queue = make.queue(make.organization())
  const listeners = [make.listener(queue), make.listener(queue)]
  const reserved: string[] = []
  const dispatcher = {
    reserve: (listener: { id: string }) => reserved.push(listener.id) > 0,
    unreserve: (id: string) => void reserved.splice(reserved.indexOf(id), 1),
    offer: () => assert.fail('offered what was not stored'),
    waitUntil: () => assert.fail('waits for what was not stored'),
  } as unknown as Dispatcher
  const committer = {
    accept: (_, resolve) => {
      assert.equal(reserved.length, 2)
      resolve({ outcome: 'quota', limit: 'storedMessages', value: 5 })
    },
  } as Pick<Committer, 'accept'> as Committer
  const acceptor = createAcceptor({
    committer,
    dispatcher,
    pulls: NO_FOLLOWERS.pulls,
    runtime: createManualRuntime(NOW),
  })
  await assert.rejects(
    acceptor.accept([make.message(queue)], { queue, listeners }),
    (error) => error instanceof Problem && error.status === 402 && /stored_messages is 5/.test(error.detail),
  )
  assert.deepEqual(reserved, [])
})
