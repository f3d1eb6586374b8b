import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { createClient } from '../../support/server/client.ts'
import { startReceiver } from '../../support/server/receiver.ts'
import { makeFolder, startServerProcess, TEST_ROOT_KEY } from '../../support/server/server-process.ts'
import { waitFor } from '../../support/wait-for.ts'

/** What a question is answered with once that is more than nothing. */
async function until<Entry>(ask: () => Promise<Entry[]>): Promise<Entry[]> {
  await waitFor('attempts', async () => (await ask()).length)
  return ask()
}

test('a server on loopback behind a proxy lets no client reach into its own machine, and names the setting', async (t) => {
  const folder = makeFolder()
  t.after(() => folder[Symbol.dispose]())
  const receiver = await startReceiver()
  const env = {
    DISCUE_DATABASE_URL: `sqlite:${join(folder.path, 'discue.db')}`,
    DISCUE_ROOT_API_KEY: TEST_ROOT_KEY,
    DISCUE_LOG_LEVEL: 'info',
  }
  // Alone on its machine it may send anywhere, and says so.
  const open = await startServerProcess(env)
  const before = createClient(() => open.url, TEST_ROOT_KEY)
  const queue = (await before.call('POST', '/queues', { name: 'q' })).body.queue
  const path = `/queues/${queue.id}/listeners`
  const retry = { max_attempts: 1 }
  assert.equal((await before.call('POST', path, { name: 'inside', notify_url: receiver.url, retry })).status, 200)
  assert.equal(await open.end('SIGTERM'), 0)
  assert.match(open.output().stderr, /deliveries go to any address, because [^"]*; 0 listeners/)

  const exposures = [
    ['DISCUE_PUBLIC_URL', 'https://queue.example.com'],
    ['DISCUE_TRUSTED_PROXIES', '127.0.0.1'],
  ] as const
  for (const [setting, value] of exposures) {
    const server = await startServerProcess({ ...env, [setting]: value })
    const client = createClient(() => server.url, TEST_ROOT_KEY)
    const refused = await client.call('POST', path, { name: 'another', notify_url: receiver.url })
    assert.equal(refused.status, 422, setting)
    assert.match(refused.body.errors[0].message, /loopback address .*DISCUE_TARGETS/)
    // What was there before is not sent to either: its socket is judged.
    const { message } = (await client.call('POST', `/queues/${queue.id}/messages`, { data: 'x' })).body
    const attempts = `/queues/${queue.id}/messages/${message.id}/attempts`
    const errors = await until<{ error: string }>(async () => (await client.call('GET', attempts)).body.attempts)
    assert.deepEqual(
      errors.map(({ error }) => error),
      ['blocked_target'],
    )
    assert.equal(await server.end('SIGTERM'), 0)
    const lines = server
      .output()
      .stderr.split('\n')
      .filter((line) => line.includes('deliveries go to'))
    assert.equal(lines.length, 1)
    // Behind a proxy that is not named ten wrong keys would lock every client out.
    const warned = server.output().stderr.includes('lock all of them out')
    assert.equal(warned, setting === 'DISCUE_PUBLIC_URL')
    assert.match(lines[0]!, new RegExp(`public addresses only, because ${setting} .*; 1 listener has an address`))
  }
  assert.equal(receiver.received.length, 0)
})
