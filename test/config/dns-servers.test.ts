import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readConfig } from '../../src/config/config.ts'
import { ConfigError } from '../../src/config/sources.ts'

const serversOf = (text: string) => readConfig([], { DISCUE_DNS_SERVERS: text }).dnsServers

test('name servers are the machine’s own unless told', () => {
  assert.equal(readConfig([], {}).dnsServers, null)
  assert.equal(serversOf(''), null)
})

test('name servers are addresses with or without a port', () => {
  const text = '10.0.0.2, 10.0.0.3:5353,2001:db8::1,[2001:db8::1]:5353'
  assert.deepEqual(serversOf(text), ['10.0.0.2', '10.0.0.3:5353', '2001:db8::1', '[2001:db8::1]:5353'])
})

for (const text of [
  ...['dns.example.com', '10.0.0.2,', '10.0.0.2:0', '10.0.0.2:65536', '10.0.0.2:53:53', '10.0.0.2/32', '256.0.0.1'],
  ...['[10.0.0.2]:53', '[2001:db8::1]', '[2001:db8::1]53', ':53', '2001:db8::1::2'],
]) {
  test(`${JSON.stringify(text)} names no name servers, and stops the start`, () => {
    assert.throws(
      () => serversOf(text),
      (error) => error instanceof ConfigError && error.message.startsWith('DISCUE_DNS_SERVERS must be addresses'),
    )
  })
}
