// What a message costs, in figures that can be counted: they are the same on a busy machine as on an idle one, so that a
// change that makes each message dearer shows here, and noise does not. They say nothing of time; bench/ does.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { makeFolder } from '../support/server/server-process.ts'
import { expectCost } from './expected-cost.ts'

const SCRIPT = fileURLToPath(new URL('carry-messages.ts', import.meta.url))

/**
 * More than this of each message in the old part of the heap, and full collections have to remove it. Node's objects for a
 * request are in the young part while it waits for the disk, and the smaller that is, the more of them are moved.
 */
const MAX_OUTLIVED_BYTES = 1_000

/** What `carry-messages.ts` prints, in a process with these settings of the heap. */
async function carryMessages(t: TestContext, heap: string[] = []) {
  const folder = makeFolder()
  const child = spawn(process.execPath, [...heap, SCRIPT, folder.path], { stdio: ['ignore', 'pipe', 'pipe'] })
  t.after(() => {
    child.kill('SIGKILL')
    folder[Symbol.dispose]()
  })
  const [printed, errors] = await Promise.all([text(child.stdout), text(child.stderr)])
  assert.match(printed, /^\{.*\}$/, errors)
  return JSON.parse(printed) as { bytes: number; outlived: number; promises: number }
}

test('a message costs the main thread no more memory and promises than it did', async (t) => {
  const { bytes, promises } = await carryMessages(t)
  expectCost(t, 'bytes on the heap of the main thread', bytes, 23_300)
  expectCost(t, 'promises', promises, 4.6)
})

test('of a message that is done with, nothing but its traces stays on the heap', async (t) => {
  // Collected so often that whatever lives too long is found out.
  const { outlived } = await carryMessages(t, ['--max-semi-space-size=1'])
  t.diagnostic(`bytes in the old part of the heap a message: ${outlived.toFixed(1)}`)
  assert.ok(outlived < MAX_OUTLIVED_BYTES, `${outlived.toFixed(1)} bytes of each message outlive it`)
})
