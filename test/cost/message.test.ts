// What a message costs, in figures that can be counted: they are the same on a busy machine as on an idle one, so that a
// change that makes each message dearer shows here, and noise does not. They say nothing of time; bench/ does.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { makeFolder } from '../support/server-process.ts'
import { expectCost } from './expected-cost.ts'

const SCRIPT = fileURLToPath(new URL('carry-messages.ts', import.meta.url))

test('a message costs the main thread no more memory and promises than it did', async (t) => {
  const folder = makeFolder()
  const child = spawn(process.execPath, [SCRIPT, folder.path], { stdio: ['ignore', 'pipe', 'pipe'] })
  t.after(() => {
    child.kill('SIGKILL')
    folder[Symbol.dispose]()
  })
  const [printed, errors] = await Promise.all([text(child.stdout), text(child.stderr)])
  assert.match(printed, /^\{.*\}$/, errors)
  const { bytes, promises } = JSON.parse(printed) as { bytes: number; promises: number }
  expectCost(t, 'bytes on the heap of the main thread', bytes, 14_900)
  expectCost(t, 'promises', promises, 5.5)
})
