import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { freePort } from '../../torture/servers/ports.ts'
import { createClient } from '../support/server/client.ts'
import { startCommand } from '../support/server/command.ts'
import { makeFolder, startServerProcess, TEST_ROOT_KEY } from '../support/server/server-process.ts'

const folder = makeFolder()
after(() => folder[Symbol.dispose]())

test('the tail follows what happens, and goes on where it was after the server was away', async () => {
  const env = {
    DISCUE_DATABASE_URL: `sqlite:${join(folder.path, 'discue.db')}`,
    DISCUE_ROOT_API_KEY: TEST_ROOT_KEY,
    DISCUE_PORT: String(await freePort()),
  }
  const first = await startServerProcess(env)
  const client = createClient(() => first.url)
  await client.call('POST', '/queues', { name: 'before' })
  const tail = startCommand(['tail', '--json', '--events', 'queues'], { url: first.url })
  await tail.until(({ stdout }) => stdout.includes('"before"'))
  // More than one page of the listing.
  for (let at = 0; at < 130; at++) await client.call('POST', '/queues', { name: `during-${at}` })
  await tail.until(({ stdout }) => stdout.includes('"during-129"'))
  await first.end('SIGKILL')
  await tail.until(({ stderr }) => stderr.includes('trying again'))
  const second = await startServerProcess(env)
  await client.call('POST', '/queues', { name: 'after' })
  await tail.until(({ stdout }) => stdout.includes('"after"'))
  tail.signal('SIGTERM')
  await tail.ended
  await second.end('SIGTERM')
  const names = tail.output.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).queue.name)
  const during = Array.from({ length: 130 }, (_, at) => `during-${at}`)
  assert.deepEqual(names, ['before', ...during, 'after'])
})
