import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseNetwork } from '../../src/core/network/address.ts'
import { exposureOf, isLoopback, lockOutWarning } from '../../src/core/network/exposure.ts'

const PROXIES = [parseNetwork('127.0.0.1')!]

test('the setting is named that lets others reach the server, the most direct one first', () => {
  const loopback = { host: '127.0.0.1', publicUrl: null, trustedProxies: [] }
  assert.equal(exposureOf(loopback), null)
  const all = { host: '0.0.0.0', publicUrl: 'https://q.example.com', trustedProxies: PROXIES }
  assert.equal(exposureOf(all), 'DISCUE_HOST')
  assert.equal(exposureOf({ ...all, host: '::1' }), 'DISCUE_PUBLIC_URL')
  assert.equal(exposureOf({ ...loopback, trustedProxies: PROXIES }), 'DISCUE_TRUSTED_PROXIES')
})

test('this machine itself is known by its names and addresses', () => {
  for (const host of ['localhost', 'LOCALHOST.', 'a.localhost', '127.9.9.9', '::1', '[::1]', '::ffff:127.0.0.1']) {
    assert.ok(isLoopback(host), host)
  }
  for (const host of ['localhost.example.com', 'notlocalhost', '0.0.0.0', '::', '[::]', '10.0.0.1', '.localhost']) {
    assert.ok(!isLoopback(host), host)
  }
})

test('a proxy that could be there unnamed is warned of, with the reason', () => {
  assert.equal(lockOutWarning(null, []), null)
  assert.equal(lockOutWarning('DISCUE_HOST', PROXIES), null)
  assert.equal(lockOutWarning('DISCUE_TRUSTED_PROXIES', PROXIES), null)
  assert.match(lockOutWarning('DISCUE_HOST', [])!, /^DISCUE_HOST is not on loopback, and DISCUE_TRUSTED_PROXIES/)
  assert.match(lockOutWarning('DISCUE_PUBLIC_URL', [])!, /^DISCUE_PUBLIC_URL is set, and DISCUE_TRUSTED_PROXIES/)
})
