import assert from 'node:assert/strict'
import { linkSync, mkdirSync, renameSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { verifyDatabase } from '../../src/store-sqlite/file/verify.ts'
import { createClient } from '../support/server/client.ts'
import { makeFolder, runUntilExit, startServerProcess, TEST_ROOT_KEY } from '../support/server/server-process.ts'

/** Ways to come to a database that a server has open, each by a path of its own; `undo` makes things as they were. */
const WAYS: { name: string; says: RegExp; open(at: Place): string; undo?(at: Place): void }[] = [
  { name: 'its path', says: /is in use by another server/, open: ({ file }) => file },
  {
    name: 'a symlink of the file',
    says: /is in use by another server/,
    open({ file, folder }) {
      symlinkSync(file, join(folder, 'link.db'))
      return join(folder, 'link.db')
    },
  },
  {
    name: 'a symlink of the folder',
    says: /is in use by another server/,
    open({ file, folder }) {
      symlinkSync(join(file, '..'), join(folder, 'linked'))
      return join(folder, 'linked', 'discue.db')
    },
  },
  {
    name: 'a hard link',
    says: /has 2 names \(hard links\)/,
    open({ file, folder }) {
      linkSync(file, join(folder, 'hard.db'))
      return join(folder, 'hard.db')
    },
    undo: ({ folder }) => rmSync(join(folder, 'hard.db')),
  },
  {
    name: 'another name, which the file was given meanwhile',
    says: /is open in another process/,
    open({ file, folder }) {
      renameSync(file, join(folder, 'moved.db'))
      return join(folder, 'moved.db')
    },
    undo: ({ file, folder }) => renameSync(join(folder, 'moved.db'), file),
  },
  {
    name: 'its path after its lock was deleted',
    says: /is open in another process/,
    open({ file }) {
      rmSync(`${file}.lock`)
      return file
    },
  },
  {
    name: 'its path once more, after a server was refused without its lock',
    says: /is open in another process/,
    open: ({ file }) => file,
  },
]

interface Place {
  file: string
  folder: string
}

test('no way leads to a database that a server has open, and that server goes on unharmed', async (t) => {
  using folder = makeFolder()
  const place = { file: join(folder.path, 'data', 'discue.db'), folder: folder.path }
  mkdirSync(join(folder.path, 'data'))
  const env = (path: string) => ({ DISCUE_DATABASE_URL: `sqlite:${path}`, DISCUE_ROOT_API_KEY: TEST_ROOT_KEY })
  let server = await startServerProcess(env(place.file))
  const client = createClient(() => server.url)
  const { body } = await client.call('POST', '/queues', { name: 'orders' })
  const messages = `/queues/${body.queue.id}/messages`
  for (const { name, says, open, undo } of WAYS) {
    await t.test(`by ${name}`, async () => {
      const { code, stdout, stderr } = await runUntilExit(env(open(place)))
      undo?.(place)
      assert.equal(stdout, '')
      assert.equal(code, 1)
      assert.match(stderr, /^discue: [^\n]+\n$/)
      assert.match(stderr, says)
      assert.equal((await client.call('POST', messages, { data: name })).status, 200)
    })
  }
  await server.end('SIGKILL')
  // By any way that leads to the file, once nothing has it open: here by the symlink.
  server = await startServerProcess(env(join(folder.path, 'link.db')))
  const stored = (await client.call('GET', `${messages}?_embed`)).body._embedded.messages
  assert.deepEqual(
    stored.map(({ data }: { data: string }) => data).reverse(),
    WAYS.map(({ name }) => name),
  )
  assert.equal(await server.end('SIGTERM'), 0)
  assert.deepEqual((await verifyDatabase(place.file, Date.now())).faults, [])
})
