import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DomainVerification } from '../../../src/core/tenant/domain.ts'
import { startProvider } from './provider.ts'

const BODY = { alias: 'my-first-domain', hostname: 'discue.io', port: 443 }

for (const domainVerification of ['off', 'optional', 'required'] satisfies DomainVerification[]) {
  test(`a domain is created, read, renamed and deleted while verification is ${domainVerification}`, async () => {
    const { api, send, status } = await startProvider({ domainVerification })
    const made = await send('POST', '/domains', 'domain', BODY)
    assert.deepEqual(await send('GET', `/domains/${made.id}`, 'domain'), made)
    assert.deepEqual([made.alias, made.hostname, made.port], [BODY.alias, BODY.hostname, BODY.port])
    assert.deepEqual(made.verification, { verified: false, verified_at: 0 })
    const { context_path, file_name, file_content, created_at, expires_at } = made.challenge.https
    for (const text of [context_path, file_name, file_content]) assert.ok(typeof text === 'string' && text !== '')
    assert.ok(expires_at > created_at)
    const renamed = await send('PUT', `/domains/${made.id}`, 'domain', { ...BODY, alias: 'my-first-domain-again' })
    assert.deepEqual(renamed.challenge, made.challenge)
    await send('DELETE', `/domains/${made.id}`, '_links')
    assert.equal((await status('GET', `/domains/${made.id}`)).status, 404)
    await api.app.close()
  })
}

test('a domain that was verified says since when', async () => {
  const { api, send } = await startProvider({ domainVerification: 'optional' })
  const { id } = await send('POST', '/domains', 'domain', BODY)
  api.clock.now += 1_000
  assert.equal((await api.call('POST', `/v1/domains/${id}/verify`)).status, 200)
  const { verification } = await send('GET', `/domains/${id}`, 'domain')
  assert.deepEqual(verification, { verified: true, verified_at: api.clock.now })
  const moved = await send('PUT', `/domains/${id}`, 'domain', { ...BODY, port: 8443 })
  assert.deepEqual(moved.verification, { verified: false, verified_at: 0 })
  await api.app.close()
})

test('a port is 80, 443, or from 1024 to 65535, and 443 unless told', async () => {
  const { api, send, status } = await startProvider()
  for (const port of [80, 443, 1_024, 65_535]) {
    const alias = `port-${port}`
    assert.equal((await send('POST', '/domains', 'domain', { ...BODY, alias, port })).port, port)
  }
  for (const port of [0, 1, 81, 1_023, 65_536, 443.5, '443', null]) {
    const { status: code, body } = await status('POST', '/domains', { ...BODY, alias: 'odd-port', port })
    assert.deepEqual([code, body.errors?.[0]?.path], [422, '/port'], String(port))
  }
  const { port } = await send('POST', '/domains', 'domain', { alias: 'usual', hostname: 'discue.io' })
  assert.equal(port, 443)
  await api.app.close()
})
