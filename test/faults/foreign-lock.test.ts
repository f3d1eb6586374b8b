import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { createClient } from '../support/server/client.ts'
import { makeFolder, startServerProcess, TEST_ROOT_KEY } from '../support/server/server-process.ts'
import { inTime, waitFor } from '../support/wait-for.ts'

/** Locks the database as `sqlite3` does, says so, and lets go when its standard input ends. */
const HOLD = `
  const db = new (require('node:sqlite').DatabaseSync)(process.argv[1], { timeout: 10_000 })
  db.exec('begin immediate')
  console.log('locked')
  process.stdin.resume().on('end', () => { db.exec('rollback'); db.close() })`

/** Locks the database for 50 ms again and again, with as long a pause in between. */
const HOLD_BRIEFLY = `
  const db = new (require('node:sqlite').DatabaseSync)(process.argv[1], { timeout: 10_000 })
  let over = false
  process.stdin.resume().on('end', () => { over = true })
  const round = () => {
    if (over) return db.close()
    db.exec('begin immediate')
    setTimeout(() => { db.exec('rollback'); setTimeout(round, 50) }, 50)
  }
  round()
  console.log('locked')`

async function lockedBy(t: TestContext, script: string, path: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, ['-e', script, path], { stdio: ['pipe', 'pipe', 'inherit'] })
  t.after(() => child.kill('SIGKILL'))
  await inTime('a process that has locked the database', once(child.stdout!, 'data'))
  return child
}

async function started(t: TestContext) {
  const folder = makeFolder()
  t.after(() => folder[Symbol.dispose]())
  const path = join(folder.path, 'discue.db')
  const env = { DISCUE_DATABASE_URL: `sqlite:${path}`, DISCUE_ROOT_API_KEY: TEST_ROOT_KEY }
  const server = await startServerProcess({ ...env, DISCUE_LOG_LEVEL: 'silent' })
  const client = createClient(() => server.url)
  const { body } = await client.call('POST', '/queues', { name: 'orders' })
  const messages = `/queues/${body.queue.id}/messages`
  const post = async () => (await client.call('POST', messages, { data: 'x' })).status
  return { server, client, path, messages, post }
}

test('a process that locks the database for 50 ms again and again makes posts wait, and none is refused', async (t) => {
  const { server, path, post } = await started(t)
  const holder = await lockedBy(t, HOLD_BRIEFLY, path)
  const statuses: number[] = []
  for (let round = 0; round < 60; round++) statuses.push(await post())
  assert.deepEqual(new Set(statuses), new Set([200]))
  holder.stdin!.end()
  await inTime('the end of the process that locks', once(holder, 'exit'))
  assert.equal(await server.end('SIGTERM'), 0)
})

test('while a process keeps the database locked posts are 503, health says so, reads answer; then all goes on', async (t) => {
  const { server, client, path, messages, post } = await started(t)
  const isReady = async () => (await fetch(`${server.url}/health/ready`)).status === 200
  assert.equal(await post(), 200)
  const holder = await lockedBy(t, HOLD, path)
  assert.equal(await post(), 503)
  assert.equal(await isReady(), false)
  const { status, body } = await client.call('GET', messages)
  assert.deepEqual([status, body.messages.length], [200, 1])
  assert.equal(await post(), 503)
  holder.stdin!.end()
  await waitFor('a server that is ready', isReady)
  assert.equal(await post(), 200)
  // And it waits again, as before.
  const another = await lockedBy(t, HOLD_BRIEFLY, path)
  for (let round = 0; round < 10; round++) assert.equal(await post(), 200)
  another.stdin!.end()
  assert.equal(await server.end('SIGTERM'), 0)
})
