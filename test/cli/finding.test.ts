import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { answered } from '../../src/cli/client/confirm.ts'
import { sharedCommand } from '../support/server/command.ts'
import { startReceiver } from '../support/server/receiver.ts'
import { makeFolder, type ServerProcess, startServerProcess, TEST_ROOT_KEY } from '../support/server/server-process.ts'
import { waitFor } from '../support/wait-for.ts'

const MAIN = fileURLToPath(new URL('../../bin/discue.mjs', import.meta.url))
const folder = makeFolder()
let server: ServerProcess

before(async () => {
  const url = `sqlite:${join(folder.path, 'discue.db')}`
  server = await startServerProcess({ DISCUE_DATABASE_URL: url, DISCUE_ROOT_API_KEY: TEST_ROOT_KEY })
})
after(async () => {
  await server.end('SIGTERM')
  folder[Symbol.dispose]()
})

const run = sharedCommand()
const discue = (...args: string[]) => run(args, { url: server.url })
const json = async (...args: string[]) => {
  const { code, stdout, stderr } = await discue(...args, '--json')
  assert.equal(code, 0, stderr)
  return JSON.parse(stdout)
}

test('what failed at a listener, what it missed and what waits is listed, with its messages', async () => {
  const receiver = await startReceiver((_, response) => response.writeHead(503).end('later'))
  await json('queues', 'create', 'failing')
  await json('listeners', 'create', 'failing', 'shop', '--to', receiver.url, '--attempts', '1')
  const { id } = await json('send', 'failing', '{"order":17}', '--name', 'opening')
  await json('send', 'failing', 'later', '--delay', '1h')
  await waitFor('a missed delivery', async () => {
    return (await json('deliveries', 'failing', 'shop', '--status', 'missed')).length === 1
  })
  const attempts = await discue('attempts', 'failing', 'shop', '--outcome', 'failed', '--status', '5xx')
  assert.match(attempts.stdout, new RegExp(`^\\S+Z +${id} +opening +1 +503 +\\d+ ms +later$`, 'm'))
  assert.deepEqual(await json('attempts', 'failing', 'shop', '--outcome', 'ok'), [])
  assert.deepEqual(await json('attempts', 'failing', 'shop', '--since', '+1h'), [])
  const missed = await discue('deliveries', 'failing', 'shop', '--status', 'missed')
  assert.match(missed.stdout, new RegExp(`${id} +opening +1 +- +- +retries_used_up, 503$`, 'm'))
  const waiting = await json('deliveries', 'failing', 'shop')
  assert.deepEqual(
    waiting.map((it: { waits_for: string }) => it.waits_for),
    ['due'],
  )
})

test('messages are listed by filters, of a queue and of all', async () => {
  await json('queues', 'create', 'filtered')
  await json('listeners', 'create', 'filtered', 'desk')
  const { id } = await json('send', 'filtered', '{"order":{"id":4711,"state":"open"}}', '--name', 'a', '--key', 'k')
  await json('send', 'filtered', 'other')
  const ids = async (...args: string[]) =>
    (await json('messages', 'list', ...args)).map((message: { id: string }) => message.id)
  const filters = [
    ['--name', 'a'],
    ['--key', 'k'],
    ['--contains', '4711'],
    ['--data', 'order.id=4711', '--data', 'order.state=open'],
    ['--listener', 'desk', '--delivery-status', 'pending', '--name', 'a'],
    ['--status', 'pending', '--since', '-1h', '--until', '+1h', '--name', 'a'],
  ]
  for (const filter of filters) assert.deepEqual(await ids('filtered', ...filter), [id], filter.join(' '))
  assert.deepEqual(await ids('--contains', '4711'), [id])
  assert.deepEqual(await ids('filtered', '--delivery-status', 'missed'), [])
  for (const wrong of [
    ['--data', 'order'],
    ['--listener', 'desk'],
    ['--status', 'lost'],
    ['--since', 'yesterday'],
  ]) {
    assert.equal((await discue('messages', 'list', ...wrong)).code, 2, wrong.join(' '))
  }
})

test('a listing of all listeners names their queues', async () => {
  await json('queues', 'create', 'named')
  await json('listeners', 'create', 'named', 'desk-of-named')
  const { stdout } = await discue('listeners')
  assert.match(stdout, /^QUEUE +NAME /)
  assert.match(stdout, /^named +desk-of-named /m)
  assert.match((await discue('listeners', 'list', 'named')).stdout, /^NAME /)
})

test('a check that fails says why, and exits with 1', async () => {
  await json('queues', 'create', 'checked')
  await json('listeners', 'create', 'checked', 'away', '--to', 'http://127.0.0.1:9/hook')
  const { code, stdout, stderr } = await discue('listeners', 'check', 'checked', 'away')
  assert.deepEqual([code, stderr], [1, ''])
  assert.match(stdout, /^passed +false$/m)
})

test('nothing is deleted without being asked for', async () => {
  await json('queues', 'create', 'kept')
  const refused = await discue('queues', 'delete', 'kept')
  assert.equal(refused.code, 2)
  assert.match(refused.stderr, /^discue: to delete a queue with .*: kept, add --yes$/m)
  assert.equal((await json('queues', 'show', 'kept')).name, 'kept')
  assert.equal((await discue('queues', 'delete', 'kept', '-y')).code, 0)
})

test('only yes is yes, and no answer is none', async () => {
  for (const [said, expected] of [
    ['y\n', true],
    [' YES \n', true],
    ['n\n', false],
    ['\n', false],
    ['yesterday\n', false],
    ['', false],
  ] as const) {
    const input = new PassThrough()
    input.end(said)
    assert.equal(await answered('sure? ', { input, output: new PassThrough() }), expected, JSON.stringify(said))
  }
})

test('nothing by standard input is no message, unless that is meant', async () => {
  await json('queues', 'create', 'empty')
  for (const args of [
    ['send', 'empty'],
    ['send', 'empty', '-'],
    ['send', 'empty', '--file', '/dev/null'],
  ]) {
    const { code, stderr } = await discue(...args)
    assert.equal(code, 2)
    assert.match(stderr, /--allow-empty/)
  }
  assert.deepEqual(await json('messages', 'list', 'empty'), [])
  assert.equal((await discue('send', 'empty', '--allow-empty')).code, 0)
  assert.equal((await discue('send', 'empty', '')).code, 0)
  assert.equal((await json('messages', 'list', 'empty')).length, 2)
})

test('help whose reader has gone ends without a word', async () => {
  for (const args of [['--help'], ['messages', '--help'], ['serve', '--help']]) {
    const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
    child.stdout.destroy()
    const said: string[] = []
    child.stderr.setEncoding('utf8').on('data', (text: string) => said.push(text))
    const [code] = await once(child, 'close')
    assert.deepEqual([code, said.join('')], [0, ''], args.join(' '))
  }
})

test('a dry run tells which listeners would get a message, which not, and why, and sends nothing', async () => {
  const schema = '{"total":{"type":"number"}}'
  await json('queues', 'create', 'tried', '--schema', schema)
  await json('listeners', 'create', 'tried', 'all')
  await json(
    'listeners',
    'create',
    'tried',
    'large',
    '--to',
    'http://127.0.0.1:9/in',
    '--filter',
    '{"data":{"total":{"$gt":9}}}',
  )
  const small = await discue('send', 'tried', '{"total":1}', '--dry-run')
  assert.equal(small.code, 0, small.stderr)
  assert.match(small.stdout, /^all +delivers +- +-$/m)
  assert.match(small.stdout, /^large +left_out +filter \/data\/total\/\$gt +-$/m)
  const large = await discue('send', 'tried', '{"total":10}', '--dry-run')
  assert.match(large.stdout, /^large +delivers +- +POST http:\/\/127\.0\.0\.1:9\/in$/m)
  const { listeners } = await json('send', 'tried', '{"total":10}', '--dry-run')
  assert.deepEqual(
    listeners.map(({ verdict }: { verdict: string }) => verdict),
    ['delivers', 'delivers'],
  )
  const refused = await discue('send', 'tried', '{"total":"1"}', '--dry-run')
  assert.equal(refused.code, 1)
  assert.match(refused.stderr, /^discue: it would be refused: \/data\/total [^\n]+\n$/)
  assert.equal((await discue('send', 'tried', 'a', '--dry-run', '--lines')).code, 2)
  assert.deepEqual(await json('messages', 'list', 'tried'), [])
})
