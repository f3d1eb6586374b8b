import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DEFAULT_SETTINGS, urlFault } from '../../../src/core/delivery/listener.ts'
import { DEFAULT_RETRY_POLICY } from '../../../src/core/delivery/retry-policy.ts'

const longest = `http://example.com/${'x'.repeat(2_048 - 19)}`

for (const url of [
  'http://example.com',
  'https://example.com/hook?a=b#c',
  'HTTPS://EXAMPLE.COM/',
  'http://127.0.0.1:8080/hook',
  'http://[::1]:8080/',
  'http://localhost/a@b',
  'http://localhost?a@b',
  'http://localhost.:8080/',
  'http://localhost:/',
  'http://bücher.example/',
  longest,
]) {
  test(`${url.slice(0, 40)} can be a target`, () => assert.equal(urlFault(url), null))
}

const refused: [string, string, RegExp][] = [
  ['an empty text', '', /absolute http or https/],
  ['a path', '/hook', /absolute http or https/],
  ['a URL without a scheme', 'example.com/hook', /absolute http or https/],
  ['a URL that leaves the scheme open', '//example.com/hook', /absolute http or https/],
  ['ftp', 'ftp://example.com/', /absolute http or https/],
  ['a file', 'file:///etc/passwd', /absolute http or https/],
  ['a script', 'javascript:alert(1)', /absolute http or https/],
  ['no host', 'http://', /absolute http or https/],
  ['a scheme without its slashes', 'http:example.com', /absolute http or https/],
  ['no host before its path', 'http:///example.com', /with a host after the slashes/],
  ['more slashes than two', 'http:////example.com', /with a host after the slashes/],
  ['one slash', 'http:/example.com', /absolute http or https/],
  ['no host before its query', 'https://?', /with a host after the slashes/],
  ['no host before its fragment', 'https://#a', /with a host after the slashes/],
  ['no host before its port', 'http://:80', /absolute http or https/],
  ['no host behind an empty user', 'http://@:80/', /absolute http or https/],
  ['an empty user', 'http://@example.com/', /user name or password/],
  ['an empty user and password', 'http://:@example.com/', /user name or password/],
  ['backslashes for slashes', 'http:\\\\example.com', /absolute http or https/],
  ['a third slash that is a backslash', 'http://\\example.com', /with a host after the slashes/],
  ['a backslash before its path', 'http://example.com\\@other.example/', /backslash/],
  ['a host of dots', 'http://./', /more than dots/],
  ['port 0', 'http://example.com:0/', /port from 1/],
  ['a port out of range', 'http://example.com:65536/', /absolute http or https/],
  ['a user name', 'http://user@example.com/', /user name or password/],
  ['a password', 'https://user:secret@example.com/', /user name or password/],
  ['only a password', 'https://:secret@example.com/', /user name or password/],
  ['a space in front', ' http://example.com/', /spaces or control characters/],
  ['a space in it', 'http://example.com/a b', /spaces or control characters/],
  ['a line break in it', 'http://example.com/\r\nx: y', /spaces or control characters/],
  ['a NUL in it', 'http://example.com/\u0000', /spaces or control characters/],
  ['more than 2,048 characters', `${longest}x`, /at most 2048 characters/],
]
for (const [what, url, fault] of refused) {
  test(`${what} cannot be a target, and the fault says why`, () => assert.match(urlFault(url) ?? '', fault))
}

test('a listener that asks for nothing gets 15 s, 64 at once and the default policy', () => {
  const { retry, timeoutMs, maxConcurrency } = DEFAULT_SETTINGS
  assert.deepEqual(
    { retry, timeoutMs, maxConcurrency },
    { retry: DEFAULT_RETRY_POLICY, timeoutMs: 15_000, maxConcurrency: 64 },
  )
})

test('the default settings cannot be changed by accident', () => {
  assert.throws(() => Object.assign(DEFAULT_SETTINGS, { timeoutMs: 1 }), TypeError)
})
