import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readConfig } from '../../src/config/config.ts'
import { ConfigError } from '../../src/config/sources.ts'
import { ANY_TARGET, PUBLIC_TARGETS, permitsAddress } from '../../src/core/network/target.ts'

const targetsOf = (env: Record<string, string>) => readConfig([], env).targets

test('a server that only its own machine can reach may send anywhere, any other only to public addresses', () => {
  for (const host of ['127.0.0.1', '127.9.9.9', '::1', 'localhost']) {
    assert.equal(targetsOf({ DISCUE_HOST: host }), ANY_TARGET, host)
  }
  for (const host of ['0.0.0.0', '::', '10.0.0.1', '192.0.2.1', 'queue.example.com', 'localhost.example.com']) {
    assert.equal(targetsOf({ DISCUE_HOST: host }), PUBLIC_TARGETS, host)
  }
  assert.equal(targetsOf({}), ANY_TARGET)
})

test('a server on loopback that others reach by a public URL or a proxy sends only to public addresses', () => {
  const urls: [string, boolean][] = [
    ['https://queue.example.com', true],
    ['http://10.0.0.1:8080', true],
    ['https://[2001:db8::1]/discue', true],
    ['http://localhost.example.com', true],
    ['http://127.0.0.1:3000', false],
    ['http://[::1]:3000', false],
    ['http://localhost:3000', false],
    ['http://queue.localhost', false],
  ]
  for (const [url, isPublic] of urls) {
    const config = readConfig([], { DISCUE_PUBLIC_URL: url })
    assert.equal(config.targets, isPublic ? PUBLIC_TARGETS : ANY_TARGET, url)
    assert.equal(config.exposedBy, isPublic ? 'DISCUE_PUBLIC_URL' : null, url)
  }
  const proxied = readConfig([], { DISCUE_TRUSTED_PROXIES: '127.0.0.1' })
  assert.deepEqual([proxied.targets, proxied.exposedBy], [PUBLIC_TARGETS, 'DISCUE_TRUSTED_PROXIES'])
  const told = readConfig([], { DISCUE_TRUSTED_PROXIES: '127.0.0.1', DISCUE_TARGETS: 'any' })
  assert.deepEqual([told.targets.any, told.targetsGiven, told.exposedBy], [true, true, 'DISCUE_TRUSTED_PROXIES'])
  assert.equal(readConfig([], { DISCUE_HOST: '0.0.0.0' }).exposedBy, 'DISCUE_HOST')
})

test('what is said counts, wherever the server listens', () => {
  const told = targetsOf({ DISCUE_TARGETS: 'public' })
  assert.equal(permitsAddress(told, 'x.example', '127.0.0.1'), false)
  assert.equal(targetsOf({ DISCUE_HOST: '0.0.0.0', DISCUE_TARGETS: 'any' }).any, true)
  const listed = targetsOf({ DISCUE_TARGETS: 'public, 10.1.0.0/16,hooks.internal' })
  assert.equal(permitsAddress(listed, 'x.example', '10.1.2.3'), true)
  assert.equal(permitsAddress(listed, 'x.example', '10.2.2.3'), false)
})

test('anything else stops the server with a line that says what is allowed', () => {
  for (const text of ['http://x', 'a b', '10.0.0.0/33', 'public,', '*', '*.', 'x.*', '10.0.0.1:80', '0x7f.1']) {
    assert.throws(
      () => targetsOf({ DISCUE_TARGETS: text }),
      (error) => error instanceof ConfigError && error.message.startsWith('DISCUE_TARGETS must be public, any, or'),
      text,
    )
  }
})
