import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type TestContext, test } from 'node:test'
import { Webhook } from 'standardwebhooks'
import { createClient } from '../support/server/client.ts'
import { startReceiver } from '../support/server/receiver.ts'
import { makeFolder, runUntilExit, startServerProcess, TEST_ROOT_KEY } from '../support/server/server-process.ts'

const [KEY, NEW_KEY] = [randomBytes(32).toString('base64'), randomBytes(32).toString('base64')]

/** A value of a header that is as secret as keys and listeners' secrets. */
const HEADER = 'Bearer of-a-header-that-nobody-may-see'

interface Place {
  env: Record<string, string>
  path: string
  /** Which of these texts any file of the database holds. */
  holds(texts: readonly string[]): string[]
}

function fresh(t: TestContext): Place {
  const folder = makeFolder()
  t.after(() => folder[Symbol.dispose]())
  const path = join(folder.path, 'discue.db')
  return {
    env: { DISCUE_DATABASE_URL: `sqlite:${path}`, DISCUE_ROOT_API_KEY: TEST_ROOT_KEY, DISCUE_LOG_LEVEL: 'debug' },
    path,
    holds(texts) {
      const files = readdirSync(folder.path).map((name) => readFileSync(join(folder.path, name)))
      return texts.filter((text) => files.some((bytes) => bytes.includes(text)))
    },
  }
}

/** What of a secret would be found in a file if it were there in clear. */
const bare = (secret: string) => secret.slice('whsec_'.length)

/** Runs a server, uses it, ends it in order, and answers with what it logged. */
async function during(env: Record<string, string>, use: (client: ReturnType<typeof createClient>) => Promise<void>) {
  const server = await startServerProcess(env)
  await use(createClient(() => server.url, TEST_ROOT_KEY))
  assert.equal(await server.end('SIGTERM'), 0)
  const { stdout, stderr } = server.output()
  return stdout + stderr
}

test('secrets in clear are encrypted when a key is first set, and nothing of them is left in the files', async (t) => {
  const place = fresh(t)
  const secrets: string[] = []
  let listener = ''
  const receiver = await startReceiver()
  const logs: string[] = []
  const inClear = await during(place.env, async (client) => {
    const queue = (await client.call('POST', '/queues', { name: 'q' })).body.queue
    const made = await client.call('POST', `/queues/${queue.id}/listeners`, { name: 'l', notify_url: receiver.url })
    listener = `/queues/${queue.id}/listeners/${made.body.listener.id}`
    secrets.push(made.body.listener.secret)
    await client.call('PUT', listener, { headers: { authorization: HEADER } })
    for (let i = 0; i < 2; i++) {
      secrets.push((await client.call('PUT', listener, { secret: 'rotate' })).body.listener.secret)
      // Changes write the row anew, which leaves the former one somewhere.
      await client.call('PUT', listener, {
        name: `l${i}`,
        headers: { authorization: '***', 'x-long': 'x'.repeat(i * 3_000) },
      })
    }
    const gone = await client.call('POST', `/queues/${queue.id}/listeners`, { name: 'gone', notify_url: receiver.url })
    secrets.push(gone.body.listener.secret)
    await client.call('DELETE', `/queues/${queue.id}/listeners/${gone.body.listener.id}`)
  })
  logs.push(inClear)
  const inFile = [bare(secrets[2]!), HEADER]
  assert.deepEqual(place.holds(inFile), inFile, 'without a key they are there in clear')

  const locked = { ...place.env, DISCUE_SECRET_KEY: KEY }
  const server = await startServerProcess(locked)
  assert.deepEqual(place.holds([...secrets.map(bare), HEADER]), [], 'while it runs')
  const client = createClient(() => server.url, TEST_ROOT_KEY)
  await client.call('POST', `${listener.slice(0, listener.indexOf('/listeners'))}/messages`, { data: '{"order":1}' })
  await receiver.until(1)
  const { body, headers } = receiver.received[0]!
  assert.equal(headers.authorization, HEADER)
  const signs = secrets.slice(0, 3).map((secret) => {
    try {
      return new Webhook(secret).verify(body, headers as Record<string, string>) !== undefined
    } catch {
      return false
    }
  })
  assert.deepEqual(signs, [false, true, true], 'rotated twice, the first secret signs no more')
  secrets.push((await client.call('PUT', listener, { secret: 'rotate' })).body.listener.secret)
  assert.equal(await server.end('SIGTERM'), 0)
  logs.push(server.output().stdout + server.output().stderr)
  assert.deepEqual(place.holds([...secrets.map(bare), HEADER]), [], 'after it ended')
  for (const text of [...secrets.map(bare), HEADER, KEY]) assert.ok(!logs.some((log) => log.includes(text)))
  assert.match(logs[1]!, /secrets were encrypted/)
})

test('without the key, or with another one, the server says so in a line and does not start', async (t) => {
  const place = fresh(t)
  await during({ ...place.env, DISCUE_SECRET_KEY: KEY }, async (client) => {
    const queue = (await client.call('POST', '/queues', { name: 'q' })).body.queue
    await client.call('POST', `/queues/${queue.id}/listeners`, { name: 'l', notify_url: 'http://127.0.0.1:9' })
  })
  const without = await runUntilExit(place.env)
  assert.equal(without.code, 1)
  assert.match(without.stderr, /discue: a secret of the listener \w{21} cannot be read: .*set DISCUE_SECRET_KEY to/)
  const wrong = await runUntilExit({ ...place.env, DISCUE_SECRET_KEY: NEW_KEY })
  assert.equal(wrong.code, 1)
  assert.match(
    wrong.stderr,
    /encrypted with the key [0-9a-f]{12}, which is not here; set DISCUE_SECRET_KEY to that key/,
  )
  for (const { stderr } of [without, wrong]) {
    assert.ok(!stderr.includes(KEY) && !stderr.includes(NEW_KEY) && !stderr.includes('    at '), stderr)
    assert.equal(
      stderr
        .trim()
        .split('\n')
        .filter((line) => line.startsWith('discue:')).length,
      1,
    )
  }
  // The new key in front of the old one changes it; afterwards the old one is not needed any more.
  await during({ ...place.env, DISCUE_SECRET_KEY: `${NEW_KEY},${KEY}` }, async () => {})
  await during({ ...place.env, DISCUE_SECRET_KEY: NEW_KEY }, async (client) => {
    assert.equal((await client.call('GET', '/listeners')).body.listeners.length, 1)
  })
})

test('a secret that was moved to another listener in the database is noticed at the next change of keys', async (t) => {
  const place = fresh(t)
  await during({ ...place.env, DISCUE_SECRET_KEY: KEY }, async (client) => {
    const queue = (await client.call('POST', '/queues', { name: 'q' })).body.queue
    for (const name of ['a', 'b']) {
      await client.call('POST', `/queues/${queue.id}/listeners`, { name, notify_url: 'http://127.0.0.1:9' })
    }
  })
  const db = new DatabaseSync(place.path)
  db.exec("update listeners set secret = (select secret from listeners where name = 'a') where name = 'b'")
  db.close()
  const refused = await runUntilExit({ ...place.env, DISCUE_SECRET_KEY: `${NEW_KEY},${KEY}` })
  assert.equal(refused.code, 1)
  assert.match(refused.stderr, /has been changed since/)
})

test('a key that is too short to be one is refused without showing it', async (t) => {
  const { env } = fresh(t)
  const short = 'only-a-few-letters'
  const { code, stderr } = await runUntilExit({ ...env, DISCUE_SECRET_KEY: short })
  assert.equal(code, 2)
  assert.match(stderr, /^discue: DISCUE_SECRET_KEY must be 32 to 256 characters/)
  assert.ok(!stderr.includes(short))
})
