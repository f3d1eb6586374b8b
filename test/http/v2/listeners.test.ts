import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { isPushed } from '../../../src/core/delivery/listener.ts'
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

test('on a domain that must be verified and is not, a listener is taken and waits, and is sent to once it is', async () => {
  const required = await startProvider({ domainVerification: 'required' })
  const { api, send, status } = required
  const queue = await send('POST', '/queues', 'queue', { alias: 'my-first-queue' })
  const other = await send('POST', '/domains', 'domain', { alias: 'other-domain', hostname: 'example.com' })
  const domain = await send('POST', '/domains', 'domain', { alias: 'my-first-domain', hostname: 'discue.io' })
  const { id } = await send('POST', `/queues/${queue.id}/listeners`, 'listener', BODY)
  const path = `/queues/${queue.id}/listeners/${id}`
  const stored = async () => (await api.store.listeners.find(id))!
  const read = await send('GET', path, 'listener')
  assert.deepEqual([read.awaits_verification, read.status], [true, 'enabled'])
  assert.equal(isPushed(await stored()), false)
  const check = await api.call('POST', `/v1${path}/check`)
  assert.deepEqual([check.status, check.body.errors[0].path], [422, '/notify_url'])

  // What is sent back as it was read, and another domain that is verified, change nothing of it.
  assert.equal((await send('PUT', path, 'listener', read)).awaits_verification, true)
  assert.equal((await api.call('POST', `/v1/domains/${other.id}/verify`)).status, 200)
  assert.equal(isPushed(await stored()), false)

  assert.equal((await api.call('POST', `/v1/domains/${domain.id}/verify`)).status, 200)
  assert.equal(isPushed(await stored()), true)
  assert.deepEqual(api.carried.slice(-2), [{ changed: id }, 'redelivery'])
  assert.equal((await send('GET', path, 'listener')).awaits_verification, undefined)

  // At a place that is not verified it waits again.
  const moved = { ...BODY, notify_url: 'https://elsewhere.example.com/notify' }
  assert.equal((await send('PUT', path, 'listener', moved)).awaits_verification, true)
  assert.equal((await send('PUT', path, 'listener', BODY)).awaits_verification, undefined)
  assert.equal((await api.call('PUT', `/v1${path}`, { notify_url: moved.notify_url })).status, 422)
  assert.equal((await status('PUT', path, { awaits_verification: true })).body.listener.awaits_verification, undefined)
  await api.app.close()
})

test('a listener that waits is judged anew by each change, and by no server that asks for no verification', async () => {
  for (const domainVerification of ['off', 'optional'] as const) {
    const { api, send } = await startProvider({ domainVerification })
    const queue = await send('POST', '/queues', 'queue', { alias: 'my-first-queue' })
    const { id } = await send('POST', `/queues/${queue.id}/listeners`, 'listener', BODY)
    const address = { organizationId: api.organizations.first, queueId: queue.id, id }
    const changes = { settings: { awaitsVerification: true } }
    await api.store.listeners.update({ ...address, changes, now: api.clock.now })
    const path = `/queues/${queue.id}/listeners/${id}`
    assert.equal((await send('GET', path, 'listener')).awaits_verification, true)
    assert.equal((await send('PUT', path, 'listener', BODY)).awaits_verification, undefined)
    await api.app.close()
  }
})
