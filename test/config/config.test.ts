import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readConfig } from '../../src/config/config.ts'
import { ConfigError, readClientSettings } from '../../src/config/sources.ts'

const DAY_MS = 86_400_000

test('messages are kept for seven days and events for one, unless told', () => {
  assert.deepEqual(readConfig([], {}).retention, { messagesMs: 7 * DAY_MS, eventsMs: DAY_MS })
  const env = { DISCUE_RETENTION: '90m', DISCUE_EVENT_RETENTION: '45s' }
  assert.deepEqual(readConfig([], env).retention, { messagesMs: 5_400_000, eventsMs: 45_000 })
  assert.equal(readConfig(['--retention', '3660d'], {}).retention.messagesMs, 3_660 * DAY_MS)
})

test('a duration that is none is refused with what would be one', () => {
  for (const text of ['7', 'd', '0d', '-1d', '1.5h', '7 d', '1w', '3661d', '1e3s', '7D']) {
    assert.throws(
      () => readConfig([], { DISCUE_RETENTION: text }),
      (error) => error instanceof ConfigError && /DISCUE_RETENTION must be a duration such as/.test(error.message),
      text,
    )
  }
})

test('what only the other commands read does not keep the server from starting', () => {
  const env = { DISCUE_URL: 'http://127.0.0.1:3000', DISCUE_API_KEY: 'key', DISCUE_API_KEY_FILE: '/run/key' }
  readConfig([], env)
  assert.deepEqual(readClientSettings(env), { url: env.DISCUE_URL, apiKey: 'key', apiKeyFile: '/run/key' })
  assert.deepEqual(readClientSettings({ DISCUE_URL: '' }), { url: null, apiKey: null, apiKeyFile: null })
})

test('what Kubernetes says of a Service of this name is no setting', () => {
  const injected = {
    DISCUE_SERVICE_HOST: '10.0.0.11',
    DISCUE_SERVICE_PORT: '3000',
    DISCUE_SERVICE_PORT_HTTP: '3000',
    DISCUE_PORT: 'tcp://10.0.0.11:3000',
    DISCUE_PORT_3000_TCP: 'tcp://10.0.0.11:3000',
    DISCUE_PORT_3000_TCP_PROTO: 'tcp',
    DISCUE_PORT_3000_TCP_PORT: '3000',
    DISCUE_PORT_3000_TCP_ADDR: '10.0.0.11',
  }
  assert.deepEqual(readConfig([], injected), readConfig([], {}))
  assert.equal(readConfig(['--port', '8080'], injected).port, 8080)
  assert.equal(readConfig([], { ...injected, DISCUE_PORT: '8081' }).port, 8081)
  assert.throws(() => readConfig([], { DISCUE_PORT: 'http://10.0.0.11:3000' }), ConfigError)
})

test('the format of the log is one of two, or left to where it is written', () => {
  assert.equal(readConfig([], {}).logFormat, null)
  assert.equal(readConfig(['--log-format', 'pretty'], {}).logFormat, 'pretty')
  assert.equal(readConfig([], { DISCUE_LOG_FORMAT: 'json' }).logFormat, 'json')
  assert.throws(
    () => readConfig([], { DISCUE_LOG_FORMAT: 'xml' }),
    /DISCUE_LOG_FORMAT must be pretty or json, not "xml"/,
  )
  assert.deepEqual([readConfig([], { NO_COLOR: '1' }).noColours, readConfig([], {}).noColours], [true, false])
})

test('a proxy is read with what goes around it, and never shown where it is wrong', () => {
  assert.equal(readConfig([], {}).egress, null)
  const env = { DISCUE_EGRESS_PROXY: 'socks5://a:b@proxy.test', DISCUE_EGRESS_NO_PROXY: '10.0.0.0/8,x.test' }
  const { egress } = readConfig([], { ...env, DISCUE_EGRESS_RESOLVE: 'proxy' })
  assert.deepEqual(egress?.proxy, {
    ...{ protocol: 'socks5:', hostname: 'proxy.test', port: 1080 },
    credentials: { name: 'a', password: 'b' },
  })
  assert.deepEqual([egress?.resolve, egress?.bypass.networks.length, egress?.bypass.hosts.length], ['proxy', 1, 1])
  const wrong: [Record<string, string>, RegExp][] = [
    [
      { DISCUE_EGRESS_PROXY: 'ftp://a:hunter2@b' },
      /^DISCUE_EGRESS_PROXY must be the URL of a proxy .*, not what was given$/,
    ],
    [{ ...env, DISCUE_EGRESS_NO_PROXY: 'http://a' }, /^DISCUE_EGRESS_NO_PROXY must be/],
    [{ ...env, DISCUE_EGRESS_RESOLVE: 'there' }, /^DISCUE_EGRESS_RESOLVE must be here or proxy/],
    [{ DISCUE_EGRESS_NO_PROXY: 'a.test' }, /goes with DISCUE_EGRESS_PROXY, which is missing/],
    [{ DISCUE_EGRESS_RESOLVE: 'proxy' }, /goes with DISCUE_EGRESS_PROXY, which is missing/],
  ]
  for (const [given, message] of wrong) {
    assert.throws(
      () => readConfig([], given),
      (error) => error instanceof ConfigError && message.test(error.message) && !/hunter2/.test(error.message),
    )
  }
  assert.equal(readConfig([], { DISCUE_INSECURE_TLS: 'allowed' }).insecureTls, true)
  assert.throws(() => readConfig([], { DISCUE_INSECURE_TLS: 'yes' }), /must be allowed, or empty/)
})
