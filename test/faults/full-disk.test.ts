import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { createClient } from '../support/client.ts'
import { startReceiver } from '../support/receiver.ts'
import { makeFolder, startServerProcess, TEST_ROOT_KEY } from '../support/server-process.ts'

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
  await receiver.until(() => new Set(receiver.received.map(({ headers }) => headers['webhook-id'])).size > accepted)
  assert.equal(await server.end('SIGTERM'), 0)
  await receiver.close()
  run('umount', folder.path)
  folder[Symbol.dispose]()
})
