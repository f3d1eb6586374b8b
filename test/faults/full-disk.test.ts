import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { closeSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { createClient } from '../support/server/client.ts'
import { startReceiver } from '../support/server/receiver.ts'
import { makeFolder, startServerProcess, TEST_ROOT_KEY } from '../support/server/server-process.ts'

const run = (command: string, ...args: string[]) => execFileSync(command, args, { stdio: 'pipe' })

/** A disk of a few megabytes needs the right to mount one. */
function smallDisk(path: string): string | null {
  try {
    run('mount', '-t', 'tmpfs', '-o', 'size=3m', 'tmpfs', path)
    return null
  } catch {
    return 'this user may not mount a file system'
  }
}

test('a full disk is a 503 and no loss; with room again, everything goes on by itself', async (t) => {
  const folder = makeFolder()
  const refused = smallDisk(folder.path)
  if (refused !== null) return t.skip(refused)
  const receiver = await startReceiver()
  const env = { DISCUE_DATABASE_URL: `sqlite:${join(folder.path, 'discue.db')}`, DISCUE_ROOT_API_KEY: TEST_ROOT_KEY }
  const server = await startServerProcess({ ...env, DISCUE_LOG_LEVEL: 'silent' })
  const client = createClient(() => server.url)
  const { body } = await client.call('POST', '/queues', { name: 'orders' })
  await client.call('POST', `/queues/${body.queue.id}/listeners`, { name: 'shop', notify_url: receiver.url })
  const post = (index: number) =>
    client.call('POST', `/queues/${body.queue.id}/messages`, {
      data: JSON.stringify({ index, fill: 'x'.repeat(4_000) }),
    })

  let accepted = 0
  let answer = await post(0)
  while (answer.status === 200) answer = await post(++accepted)
  assert.equal(answer.status, 503)
  assert.ok(accepted > 0)
  run('mount', '-o', 'remount,size=40m', folder.path)
  assert.equal((await post(accepted)).status, 200)
  assert.equal((await fetch(`${server.url}/health/ready`)).status, 200)
  await receiver.until(accepted + 1, () => new Set(receiver.received.map(({ headers }) => headers['webhook-id'])).size)
  assert.equal(await server.end('SIGTERM'), 0)
  await receiver.close()
  run('umount', folder.path)
  folder[Symbol.dispose]()
})

/** Takes what room is left. */
function fill(path: string): void {
  const file = openSync(path, 'w')
  try {
    for (;;) writeSync(file, Buffer.alloc(4_096))
  } catch (error) {
    assert.equal((error as NodeJS.ErrnoException).code, 'ENOSPC')
  } finally {
    closeSync(file)
  }
}

test('on a full disk what is on its way can be looked at, and a server that was killed starts and goes on', async (t) => {
  const folder = makeFolder()
  const refused = smallDisk(folder.path)
  if (refused !== null) return t.skip(refused)
  t.after(() => {
    run('umount', '-l', folder.path)
    folder[Symbol.dispose]()
  })
  let answers = false
  const receiver = await startReceiver((_, response) => {
    if (answers) response.end()
  })
  const env = { DISCUE_DATABASE_URL: `sqlite:${join(folder.path, 'discue.db')}`, DISCUE_ROOT_API_KEY: TEST_ROOT_KEY }
  const start = () => startServerProcess({ ...env, DISCUE_LOG_LEVEL: 'silent' })
  let server = await start()
  const client = createClient(() => server.url)
  const { body } = await client.call('POST', '/queues', { name: 'orders' })
  const messages = `/queues/${body.queue.id}/messages`
  // Many, so that the rows of what is on its way are more than fits into what the last commit had made room for.
  for (let i = 0; i < 40; i++) {
    await client.call('POST', `/queues/${body.queue.id}/listeners`, { name: `shop-${i}`, notify_url: receiver.url })
  }
  let accepted = 0
  for (const bytes of [4_000, 1]) {
    const post = () => client.call('POST', messages, { data: JSON.stringify({ fill: 'x'.repeat(bytes) }) })
    while ((await post()).status === 200) accepted += 1
  }
  fill(join(folder.path, 'filler'))
  assert.equal((await client.call('GET', `${messages}?limit=3`)).status, 200)
  assert.equal((await client.call('GET', `${messages}?status=pending&limit=3`)).status, 200)
  await server.end('SIGKILL')
  answers = true
  const unanswered = receiver.received.length
  server = await start()
  assert.equal((await client.call('GET', `${messages}?limit=3`)).status, 200)
  run('mount', '-o', 'remount,size=40m', folder.path)
  const pairs = () => {
    const answered = receiver.received.slice(unanswered)
    return new Set(answered.map(({ headers: it }) => `${it['webhook-id']} ${it['discue-listener']}`)).size
  }
  await receiver.until(40 * accepted, pairs)
  assert.equal(await server.end('SIGTERM'), 0)
  await receiver.close()
})
