import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readConfig } from '../../src/config/config.ts'
import { ConfigError } from '../../src/config/sources.ts'
import { contains, parseAddress } from '../../src/core/network/address.ts'

test('without being told, the server limits no rate and believes no proxy', () => {
  const { rateLimit, trustedProxies } = readConfig([], {})
  assert.equal(rateLimit, 0)
  assert.deepEqual(trustedProxies, [])
})

test('the rate limit is requests a minute, by variable or by flag', () => {
  assert.equal(readConfig([], { DISCUE_RATE_LIMIT: '600' }).rateLimit, 600)
  assert.equal(readConfig(['--rate-limit', '60'], { DISCUE_RATE_LIMIT: '600' }).rateLimit, 60)
})

test('trusted proxies are addresses and ranges, with or without spaces', () => {
  const { trustedProxies } = readConfig([], { DISCUE_TRUSTED_PROXIES: '10.0.0.0/8, 192.168.1.7,2001:db8::/32' })
  const trusts = (text: string) => trustedProxies.some((network) => contains(network, parseAddress(text)!))
  assert.deepEqual(['10.1.2.3', '192.168.1.7', '2001:db8::9'].map(trusts), [true, true, true])
  assert.deepEqual(['11.0.0.1', '192.168.1.8', '2001:db9::9'].map(trusts), [false, false, false])
})

const wrong: [string, string][] = [
  ['DISCUE_RATE_LIMIT', '-1'],
  ['DISCUE_RATE_LIMIT', '1.5'],
  ['DISCUE_RATE_LIMIT', 'many'],
  ['DISCUE_TRUSTED_PROXIES', 'any'],
  ['DISCUE_TRUSTED_PROXIES', '10.0.0.0/33'],
  ['DISCUE_TRUSTED_PROXIES', '10.0.0.1,'],
]
for (const [name, value] of wrong) {
  test(`${name}=${value} stops the server with a line that says what is allowed`, () => {
    assert.throws(
      () => readConfig([], { [name]: value }),
      (error) => error instanceof ConfigError && error.message.startsWith(`${name} must be `),
    )
  })
}
