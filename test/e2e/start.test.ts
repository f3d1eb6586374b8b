import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type TestContext, test } from 'node:test'
import { describeSettings } from '../../src/config/config.ts'
import { createClient } from '../support/server/client.ts'
import { makeFolder, runUntilExit, startServerProcess, TEST_ROOT_KEY } from '../support/server/server-process.ts'

/** The environment of a server on a database of its own. */
function fresh(t: TestContext): { env: Record<string, string>; folder: string } {
  const folder = makeFolder()
  t.after(() => folder[Symbol.dispose]())
  return { env: { DISCUE_DATABASE_URL: `sqlite:${join(folder.path, 'data', 'discue.db')}` }, folder: folder.path }
}

function keyIn(text: string): string | undefined {
  return /^ {2}([A-Za-z0-9_-]{64})$/m.exec(text)?.[1]
}

test('the first start shows a root key that works, once, and never logs it', async (t) => {
  const { env } = fresh(t)
  const first = await startServerProcess({ ...env, DISCUE_LOG_LEVEL: 'debug' })
  const key = keyIn(first.output().stdout)
  assert.ok(key !== undefined, first.output().stdout)
  const client = createClient(() => first.url, key)
  assert.equal((await client.call('GET', '/api_keys')).status, 200)
  assert.equal(await first.end('SIGTERM'), 0)
  assert.ok(!first.output().stderr.includes(key))
  const second = await startServerProcess(env)
  assert.equal(keyIn(second.output().stdout), undefined)
  assert.equal((await createClient(() => second.url, key).call('GET', '/api_keys')).status, 200)
  assert.equal(await second.end('SIGTERM'), 0)
})

test('a configured root key is not shown, and another one replaces it', async (t) => {
  const { env } = fresh(t)
  const first = await startServerProcess({ ...env, DISCUE_ROOT_API_KEY: TEST_ROOT_KEY })
  assert.ok(!first.output().stdout.includes(TEST_ROOT_KEY))
  await first.end('SIGTERM')
  const another = TEST_ROOT_KEY.toUpperCase()
  const second = await startServerProcess({ ...env, DISCUE_ROOT_API_KEY: another })
  assert.equal((await createClient(() => second.url).call('GET', '/queues')).status, 401)
  assert.equal((await createClient(() => second.url, another).call('GET', '/queues')).status, 200)
  await second.end('SIGTERM')
})

/** What is wrong with the settings themselves ends with 2, what the machine refuses with 1. */
const mistakes: { name: string; env?: Record<string, string>; args?: string[]; says: RegExp; code?: number }[] = [
  { name: 'a port out of range', args: ['--port', '99999'], says: /DISCUE_PORT must be a number from 0 to 65535/ },
  { name: 'an unknown flag', args: ['--prot', '1'], says: /--prot is unknown; did you mean --port\?/ },
  { name: 'a flag like no other', args: ['--colour', '1'], says: /--colour is unknown; these are known: .*--port/ },
  { name: 'a flag without a value', args: ['--port'], says: /--port needs a value/ },
  { name: 'a word that is no flag', args: ['serve', 'now'], says: /"now" is not a flag/ },
  {
    name: 'an unknown variable',
    env: { DISCUE_PROT: '1' },
    says: /DISCUE_PROT is unknown; did you mean DISCUE_PORT\?/,
  },
  {
    name: 'a short root key',
    env: { DISCUE_ROOT_API_KEY: 'secret' },
    says: /32 to 128 characters .*not what was given/,
  },
  { name: 'a store of another kind', env: { DISCUE_DATABASE_URL: 'mysql://x' }, says: /DISCUE_DATABASE_URL must be/ },
  { name: 'a path with a home folder', env: { DISCUE_DATABASE_URL: 'sqlite:~/x.db' }, says: /nothing replaces ~/ },
  { name: 'the URI of a file', env: { DISCUE_DATABASE_URL: 'sqlite:file:x.db' }, says: /without file:/ },
  { name: 'a store in memory', env: { DISCUE_DATABASE_URL: 'sqlite::memory:' }, says: /would be lost with every stop/ },
  { name: 'a folder', env: { DISCUE_DATABASE_URL: 'sqlite:./data/' }, says: /that of a folder ends with/ },
  {
    name: 'an address of another machine',
    env: { DISCUE_HOST: '192.0.2.1' },
    says: /not an address of this machine/,
    code: 1,
  },
  {
    name: 'a folder that cannot be made',
    env: { DISCUE_DATABASE_URL: 'sqlite:/proc/no/such.db' },
    says: /cannot be opened/,
    code: 1,
  },
]

for (const { name, env = {}, args = [], says, code: expected = 2 } of mistakes) {
  test(`${name} stops the start with one line`, async (t) => {
    const { code, stdout, stderr } = await runUntilExit({ ...fresh(t).env, ...env }, args)
    assert.equal(code, expected)
    assert.equal(stdout, '')
    assert.match(stderr, says)
    assert.match(stderr, /^discue: [^\n]+\n$/)
  })
}

test('a port in use stops the start with one line', async (t) => {
  const taken = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => taken.once('listening', resolve))
  t.after(() => taken.close())
  const { port } = taken.address() as { port: number }
  const { code, stderr } = await runUntilExit({ ...fresh(t).env, DISCUE_PORT: String(port) })
  assert.equal(code, 1)
  assert.match(stderr, new RegExp(`^discue: 127.0.0.1 port ${port} is in use; [^\n]+\n$`))
})

test('a database that another server has open stops the start with one line', async (t) => {
  const { env } = fresh(t)
  const first = await startServerProcess(env)
  const { code, stderr } = await runUntilExit(env)
  assert.equal(code, 1)
  assert.match(stderr, /^discue: the database \S+ is in use by another server\n$/)
  assert.equal(await first.end('SIGTERM'), 0)
})

test('a file that is no database, and a database that is not ours, are refused and left as they are', async (t) => {
  const { folder } = fresh(t)
  const text = join(folder, 'notes.txt')
  writeFileSync(text, 'these are notes, and not a database, however long they may become: '.repeat(100))
  const foreign = join(folder, 'foreign.db')
  const db = new DatabaseSync(foreign)
  db.exec('create table theirs (id integer)')
  db.close()
  for (const [path, says] of [
    [text, /is not a SQLite database/],
    [foreign, /is not one of discue's/],
  ] as const) {
    const { code, stderr } = await runUntilExit({ DISCUE_DATABASE_URL: `sqlite:${path}` })
    assert.equal(code, 1)
    assert.match(stderr, says)
    assert.match(stderr, /^discue: [^\n]+\n$/)
  }
  const again = new DatabaseSync(foreign)
  assert.equal(again.prepare('select count(*) as tables from sqlite_schema').get()?.tables, 1)
  again.close()
})

test('a server that is told to stop the moment that it is ready, or before, stops in order', async (t) => {
  const { env } = fresh(t)
  for (let round = 0; round < 3; round++) {
    const server = await startServerProcess(env)
    assert.equal(await server.end('SIGTERM'), 0)
  }
})

test('the help of serve names every setting with its default, and starts nothing', async (t) => {
  for (const flag of ['--help', '-h']) {
    const { code, stdout, stderr } = await runUntilExit(fresh(t).env, ['serve', flag])
    assert.equal(code, 0, stderr)
    assert.match(stdout, /^ {2}--port +the port; 0 takes any free one \(3000\)$/m)
    for (const { flag: setting, unset } of describeSettings()) {
      const line = stdout.split('\n').find((it) => it.startsWith(`  ${setting} `))
      assert.ok(line?.endsWith(`(${unset})`), setting)
    }
  }
})

test('the log is JSON or for people, as it is told', async (t) => {
  const env = { ...fresh(t).env, DISCUE_LOG_LEVEL: 'info' }
  const plain = await startServerProcess(env)
  assert.equal(await plain.end('SIGTERM'), 0)
  const lines = plain.output().stderr.trim().split('\n')
  assert.ok(lines.some((line) => JSON.parse(line).msg === 'ready'))
  const pretty = await startServerProcess({ ...env, DISCUE_LOG_FORMAT: 'pretty' })
  assert.equal(await pretty.end('SIGTERM'), 0)
  assert.match(pretty.output().stderr, /^\d\d:\d\d:\d\d\.\d{3} info {2}ready url=http:\/\/127\.0\.0\.1:\d+$/m)
})
