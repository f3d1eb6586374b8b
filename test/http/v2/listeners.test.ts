import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { startProvider } from './provider.ts'

const { api, send, status } = await startProvider()
after(() => api.app.close())
const queue = await send('POST', '/queues', 'queue', { alias: 'my-first-queue' })
const BODY = {
  alias: 'my-listener',
  liveness_url: 'https://discue.io:443/live',
  notify_url: 'https://discue.io:443/notify',
}

test('a listener is created, read, changed and deleted', async () => {
  const made = await send('POST', `/queues/${queue.id}/listeners`, 'listener', BODY)
  const path = `/queues/${queue.id}/listeners/${made.id}`
  assert.equal(made.alias, BODY.alias)
  assert.match(made.secret, /^whsec_/)
  const read = await send('GET', path, 'listener')
  assert.deepEqual([read.alias, read.status, read.name, read.secret], [BODY.alias, 'enabled', undefined, undefined])
  // As they were sent: Terraform would take anything else for a change.
  assert.deepEqual([read.liveness_url, read.notify_url], [BODY.liveness_url, BODY.notify_url])
  const change = { ...BODY, alias: 'my-new-listener-alias', liveness_url: `${BODY.liveness_url}11` }
  const changed = await send('PUT', path, 'listener', change)
  assert.deepEqual([changed.alias, changed.liveness_url], [change.alias, change.liveness_url])
  assert.deepEqual(await send('GET', path, 'listener'), changed)
  const { listeners } = await send('GET', `/queues/${queue.id}`, 'queue')
  assert.deepEqual(listeners, [{ id: made.id, alias: change.alias }])
  await send('DELETE', path, '_links')
  assert.equal((await status('GET', path)).status, 404)
})

test('URLs that are none are refused by their fields', async () => {
  for (const url of [
    'https://user@password:discue.io/notify',
    'https://user:password@discue.io/',
    'ftp://discue.io/',
    '/x',
  ]) {
    for (const field of ['notify_url', 'liveness_url']) {
      const { status: code, body } = await status('POST', `/queues/${queue.id}/listeners`, { ...BODY, [field]: url })
      assert.deepEqual([code, body.errors[0].path], [422, `/${field}`], url)
    }
  }
})

test('a listener of a queue that does not exist is a 404', async () => {
  const other = '00VbugnoyVluTsdf2eOBu'
  assert.equal((await status('POST', `/queues/${other}/listeners`, BODY)).status, 404)
  assert.equal((await status('GET', `/queues/${queue.id}/listeners/${other}`)).status, 404)
})

test('a secret that is rotated is in that answer alone', async () => {
  const { id } = await send('POST', `/queues/${queue.id}/listeners`, 'listener', { ...BODY, alias: 'rotating' })
  const path = `/queues/${queue.id}/listeners/${id}`
  assert.match((await send('PUT', path, 'listener', { secret: 'rotate' })).secret, /^whsec_/)
  assert.equal((await send('GET', path, 'listener')).secret, undefined)
})
