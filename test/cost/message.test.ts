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

const BYTES = 23_300
const PROMISES = 4.6
/** Within what `expectCost` takes for the same. */
const ENOUGH = 1.1
/**
 * More than this of each message in the old part of the heap, and full collections have to remove it. Node's objects for a
 * request are in the young part while it waits for the disk, and the smaller that is, the more of them are moved.
 */
const MAX_OUTLIVED_BYTES = 1_000

/** What `carry-messages.ts` prints, in a process with these settings of the heap; it stops where a figure is `enough`. */
async function carryMessages(
  t: TestContext,
  enough: { bytes?: number; promises?: number; outlived?: number },
  heap: string[] = [],
) {
  const folder = makeFolder()
  const asked = Object.entries(enough)
    .map(([what, number]) => `${what}=${number}`)
    .join()
  const child = spawn(process.execPath, [...heap, SCRIPT, folder.path, asked], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  t.after(() => {
    child.kill('SIGKILL')
    folder[Symbol.dispose]()
  })
  const [printed, errors] = await Promise.all([text(child.stdout), text(child.stderr)])
  assert.match(printed, /^\{.*\}$/, errors)
  return JSON.parse(printed) as Record<string, { least: number; rounds: number }>
}

test('a message costs the main thread no more memory and promises than it did', async (t) => {
  const { bytes, promises } = await carryMessages(t, { bytes: BYTES * ENOUGH, promises: PROMISES * ENOUGH })
  expectCost(t, 'bytes on the heap of the main thread', bytes!.least, BYTES)
  expectCost(t, 'promises', promises!.least, PROMISES)
})

test('of a message that is done with, nothing but its traces stays on the heap', async (t) => {
  // Collected so often that whatever lives too long is found out.
  const { least, rounds } = (await carryMessages(t, { outlived: MAX_OUTLIVED_BYTES }, ['--max-semi-space-size=1']))
    .outlived!
  t.diagnostic(`bytes in the old part of the heap a message: ${least.toFixed(1)}, in ${rounds} rounds`)
  assert.ok(rounds >= 3, `only ${rounds} rounds went by without all of the heap being collected`)
  assert.ok(least < MAX_OUTLIVED_BYTES, `${least.toFixed(1)} bytes of each message outlive it`)
})
