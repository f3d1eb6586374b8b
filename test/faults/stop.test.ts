import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { verifyDatabase } from '../../src/database-file.ts'
import { createClient } from '../support/server/client.ts'
import { isAlive, kill, type ProcessTree, startTree } from '../support/server/process-tree.ts'
import { startReceiver } from '../support/server/receiver.ts'
import { makeFolder, TEST_ROOT_KEY } from '../support/server/server-process.ts'
import { inTerminal, WAYS_TO_START } from '../support/server/ways-to-start.ts'
import { IS_LONG } from '../support/thorough.ts'
import { waitFor } from '../support/wait-for.ts'

const timeout = 120_000
/** More than it takes until each signal of one stop has been heard by everything that hears it. */
const HEARD_MS = 300

/** How it is told to stop, and by whom. */
const WAYS_TO_STOP = {
  'SIGTERM to what was started': (tree: ProcessTree) => kill(tree.pid, 'SIGTERM'),
  'SIGINT to what was started': (tree: ProcessTree) => kill(tree.pid, 'SIGINT'),
  // What `timeout` does, and shells for a job.
  'SIGTERM to the group': (tree: ProcessTree) => kill(-tree.pid, 'SIGTERM'),
  // `KillMode=control-group`, which is systemd's default.
  'SIGTERM and SIGCONT to every process': (tree: ProcessTree) => {
    for (const signal of ['SIGTERM', 'SIGCONT'] as const) for (const pid of tree.processes()) kill(pid, signal)
  },
  // `docker stop` and Kubernetes: the first process of the container, and no other.
  'SIGTERM to the first process of the container': (tree: ProcessTree) => kill(tree.processes()[1]!, 'SIGTERM'),
  'Ctrl-C in its terminal': (tree: ProcessTree) => tree.type('\x03'),
}

type Start = keyof typeof WAYS_TO_START
type Stop = keyof typeof WAYS_TO_STOP

/** Those with a mark are tried by every run of the tests, the others by the long one. */
const CASES: [Start, Stop, 'always'?][] = [
  ['by the pinned Node.js', 'SIGTERM to what was started'],
  ['by the pinned Node.js', 'SIGINT to what was started'],
  ['by the pinned Node.js', 'Ctrl-C in its terminal'],
  ['by npm start', 'SIGTERM to what was started', 'always'],
  ['by npm start', 'SIGINT to what was started'],
  ['by npm start', 'SIGTERM to the group', 'always'],
  ['by npm start', 'SIGTERM and SIGCONT to every process'],
  ['by npm start', 'Ctrl-C in its terminal', 'always'],
  ['by another Node.js', 'SIGTERM to what was started'],
  ['by another Node.js', 'SIGINT to what was started', 'always'],
  ['by another Node.js', 'SIGTERM to the group', 'always'],
  ['by another Node.js', 'SIGTERM and SIGCONT to every process'],
  ['by another Node.js', 'Ctrl-C in its terminal'],
  ['by a Node.js that is too old', 'SIGTERM to what was started'],
  ['by a Node.js that is too old', 'SIGINT to what was started'],
  ['by a Node.js that is too old', 'SIGTERM to the group', 'always'],
  ['by a Node.js that is too old', 'Ctrl-C in its terminal'],
  ["by the unit's line", 'SIGTERM and SIGCONT to every process', 'always'],
  ["by the image's entry point", 'SIGTERM to the first process of the container', 'always'],
]

/** Starts a server with a delivery on the wire, which its receiver answers when it is told to. */
async function startDelivering(folder: string, words: string[]) {
  const path = join(folder, 'discue.db')
  const env = { DISCUE_DATABASE_URL: `sqlite:${path}`, DISCUE_ROOT_API_KEY: TEST_ROOT_KEY }
  const tree = await startTree(words, { env })
  const answered = Promise.withResolvers<void>()
  const receiver = await startReceiver((_, response) => void answered.promise.then(() => response.end()))
  const client = createClient(() => tree.url)
  const { queue } = (await client.call('POST', '/queues', { name: 'orders' })).body
  await client.call('POST', `/queues/${queue.id}/listeners`, { name: 'shop', notify_url: receiver.url })
  await client.call('POST', `/queues/${queue.id}/messages`, { data: 'x' })
  await receiver.until(1)
  return { path, tree, receiver, answer: answered.resolve }
}

/** What was on the wire came to its end, and the server wrote that down before it ended. */
async function assertFinished({
  path,
  receiver,
}: Pick<Awaited<ReturnType<typeof startDelivering>>, 'path' | 'receiver'>) {
  const { ledger, faults } = await verifyDatabase(path, Date.now())
  const { delivered, pending } = ledger.queues[0]!.listeners[0]!.tally
  assert.deepEqual(
    { delivered, pending, faults, arrivals: receiver.received.length },
    {
      ...{ delivered: 1, pending: 0, faults: [], arrivals: 1 },
    },
  )
}

describe('a server that is asked to stop finishes what is on the wire, ends with 0, and leaves no process behind', () => {
  for (const [start, stop, always] of CASES) {
    if (!always && !IS_LONG) continue
    const { words, skip } = WAYS_TO_START[start]
    const terminal = stop === 'Ctrl-C in its terminal'
    test(`${start}: ${stop}`, { timeout, skip: skip || (terminal && inTerminal.skip) }, async () => {
      using folder = makeFolder()
      const started = words(folder.path)
      const it = await startDelivering(folder.path, terminal ? inTerminal.words(started) : started)
      const { tree } = it
      const processes = tree.processes()
      WAYS_TO_STOP[stop](tree)
      await waitFor('a server that stops', () => tree.output().includes('"stopping"'))
      await sleep(HEARD_MS)
      it.answer()
      assert.deepEqual(await tree.ended, { code: 0, signal: null }, tree.output())
      await waitFor('the end of every process', () => !processes.some(isAlive))
      await assertFinished(it)
    })
  }
})

test('a server whose terminal is closed finishes what is on the wire', { timeout, skip: inTerminal.skip }, async () => {
  using folder = makeFolder()
  const it = await startDelivering(folder.path, inTerminal.words(WAYS_TO_START['by npm start'].words()))
  const processes = it.tree.processes()
  kill(it.tree.pid, 'SIGKILL')
  await sleep(HEARD_MS)
  it.answer()
  await waitFor('the end of every process', () => !processes.some(isAlive))
  await assertFinished(it)
})

test('a server whose log cannot be written ends all the same', { timeout }, async () => {
  using folder = makeFolder()
  const words = WAYS_TO_START['by the pinned Node.js'].words()
  const it = await startDelivering(folder.path, ['sh', '-c', `exec ${words.join(' ')} 2>/dev/full`])
  kill(it.tree.pid, 'SIGTERM')
  it.answer()
  assert.deepEqual(await it.tree.ended, { code: 0, signal: null })
  await assertFinished(it)
})
