import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { createClient } from '../support/server/client.ts'
import { sharedCommand } from '../support/server/command.ts'
import { makeFolder, type ServerProcess, startServerProcess, TEST_ROOT_KEY } from '../support/server/server-process.ts'

const folder = makeFolder()
const run = sharedCommand()
let server: ServerProcess

before(async () => {
  server = await startServerProcess({
    DISCUE_DATABASE_URL: `sqlite:${join(folder.path, 'discue.db')}`,
    DISCUE_ROOT_API_KEY: TEST_ROOT_KEY,
    DISCUE_DOMAIN_VERIFICATION: 'optional',
  })
})
after(async () => {
  await server.end('SIGTERM')
  folder[Symbol.dispose]()
})

test('a listener on a domain that is not verified shows as such, with the command that helps', async () => {
  const strict = await startServerProcess({
    DISCUE_DATABASE_URL: `sqlite:${join(folder.path, 'strict.db')}`,
    DISCUE_ROOT_API_KEY: TEST_ROOT_KEY,
    DISCUE_DOMAIN_VERIFICATION: 'required',
  })
  const client = createClient(() => strict.url)
  const { queue } = (await client.call('POST', '/queues', { name: 'orders' })).body
  const made = await fetch(`${strict.url}/v2/queues/${queue.id}/listeners`, {
    method: 'POST',
    headers: { 'x-api-key': TEST_ROOT_KEY, 'content-type': 'application/json' },
    body: JSON.stringify({ alias: 'shop', notify_url: 'https://example.com/', liveness_url: 'https://example.com/' }),
  })
  assert.equal(made.status, 200)
  const listed = await run(['listeners'], { url: strict.url })
  assert.match(listed.stdout, /^orders +shop .* unverified /m)
  const shown = await run(['listeners', 'show', 'orders', 'shop'], { url: strict.url })
  assert.match(
    shown.stderr,
    /^discue: nothing is sent to it until its domain is verified: .*discue domains verify DOMAIN/,
  )
  await strict.end('SIGTERM')
})

const discue = (...args: string[]) => run(args, { url: server.url })
const json = async (...args: string[]) => {
  const { code, stdout, stderr } = await discue(...args, '--json')
  assert.equal(code, 0, stderr)
  return JSON.parse(stdout)
}

test('an organization is made with limits, renamed, limited, frozen, thawed and deleted', async () => {
  const made = await json('organizations', 'create', 'example.com/dev', '--limit', 'queues=1')
  const { id } = made.api_client
  const own = { DISCUE_URL: server.url, DISCUE_API_KEY: made.api_key }
  const create = (name: string) => run(['queues', 'create', name], { env: own })
  const orders = await create('orders')
  assert.equal(orders.code, 0, orders.stderr)
  assert.match((await create('invoices')).stderr, /402 Payment Required/)
  assert.match((await discue('organizations')).stdout, /^example\.com\/dev +\w{21} +active +queues=1 /m)
  const limits = ['--limit', 'queues=none', '--limit', 'messages_per_day=5']
  const changed = await json('organizations', 'update', 'example.com/dev', '--name', 'example.com/test', ...limits)
  assert.deepEqual(
    [changed.name, changed.limits.queues, changed.limits.messages_per_day],
    ['example.com/test', null, 5],
  )
  assert.equal((await json('organizations', 'freeze', 'example.com/test')).status, 'frozen')
  assert.match((await create('invoices')).stderr, /423 Locked/)
  assert.equal((await json('organizations', 'thaw', id)).status, 'active')
  assert.equal((await create('invoices')).code, 0)
  assert.equal((await json('organizations', 'show', 'example.com/test')).id, id)
  assert.match(
    (await discue('organizations', 'delete', id, '--yes')).stdout,
    new RegExp(`^deleted organization ${id}$`, 'm'),
  )
  assert.match((await create('returns')).stderr, /401 Unauthorized/)
})

test('a limit that is none is refused before anything is sent, and one that there is not by the server', async () => {
  const wrong = await discue('organizations', 'create', 'x', '--limit', 'queues:1')
  assert.deepEqual([wrong.code, wrong.stdout], [2, ''])
  assert.match(wrong.stderr, /"queues:1" is no limit; write queues=10/)
  const unknown = await discue('organizations', 'create', 'x', '--limit', 'wishes=3')
  assert.equal(unknown.code, 1)
  assert.match(unknown.stderr, /422 .*\/limits\/wishes/)
})

test('a domain is named, tells the file that verifies it, and is looked for, moved and deleted', async () => {
  // No process listens there, so that looking for the file fails in a way that can be told.
  const made = await discue('domains', 'create', 'shop', '127.0.0.1', '--port', '1')
  assert.equal(made.code, 0, made.stderr)
  const { https, status, id } = await json('domains', 'show', 'shop')
  assert.equal(status, 'pending')
  assert.ok(made.stderr.includes(`https://127.0.0.1:1/${https.context_path}/${https.file_name}`), made.stderr)
  assert.ok(made.stderr.includes(https.file_content))
  const looked = await discue('domains', 'verify', 'shop')
  assert.equal(looked.code, 1)
  assert.match(looked.stderr, /^discue: 422 .*\/hostname/)
  const moved = await json('domains', 'update', 'shop', '--hostname', 'shop.example.com', '--port', '443')
  assert.deepEqual([moved.hostname, moved.port], ['shop.example.com', 443])
  assert.match((await discue('domains')).stdout, /^shop +\w{21} +shop\.example\.com:443 +pending/m)
  assert.match((await discue('domains', 'delete', 'shop', '--yes')).stdout, new RegExp(`^deleted domain ${id}$`, 'm'))
  assert.deepEqual(await json('domains'), [])
})
