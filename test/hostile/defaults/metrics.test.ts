import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { createClient } from '../../support/server/client.ts'
import { makeFolder, startServerProcess, TEST_ROOT_KEY } from '../../support/server/server-process.ts'

test('the metrics tell strangers no queue ids, wherever a setting says that strangers reach the server', async (t) => {
  const folder = makeFolder()
  t.after(() => folder[Symbol.dispose]())
  const env = {
    DISCUE_DATABASE_URL: `sqlite:${join(folder.path, 'discue.db')}`,
    DISCUE_ROOT_API_KEY: TEST_ROOT_KEY,
  }
  const settings: [Record<string, string>, number][] = [
    [{}, 200],
    [{ DISCUE_PUBLIC_URL: 'http://localhost:8080' }, 200],
    [{ DISCUE_PUBLIC_URL: 'https://queue.example.com' }, 401],
    [{ DISCUE_TRUSTED_PROXIES: '127.0.0.1' }, 401],
    [{ DISCUE_HOST: '0.0.0.0' }, 401],
  ]
  for (const [exposing, expected] of settings) {
    const server = await startServerProcess({ ...env, ...exposing })
    const url = server.url.replace('0.0.0.0', '127.0.0.1')
    const client = createClient(() => url)
    const { queue } = (await client.call('POST', '/queues', { name: `q${Math.random()}` })).body
    const listener = { name: 'l', notify_url: 'http://192.0.2.1:9/', status: 'disabled' }
    await client.call('PATCH', `/queues/${queue.id}`, { paused: true })
    if (expected === 200) await client.call('POST', `/queues/${queue.id}/listeners`, listener)
    await client.call('POST', `/queues/${queue.id}/messages`, { data: 'x' })
    const answer = await fetch(`${url}/metrics`)
    const text = await answer.text()
    assert.equal(answer.status, expected, JSON.stringify(exposing))
    // Open, it does tell the ids of queues in which something waits: that is what has to be kept from strangers.
    assert.equal(text.includes(queue.id), expected === 200, text)
    const authorization = `Bearer ${TEST_ROOT_KEY}`
    assert.equal((await fetch(`${url}/metrics`, { headers: { authorization } })).status, 200)
    assert.equal(await server.end('SIGTERM'), 0)
  }
})
