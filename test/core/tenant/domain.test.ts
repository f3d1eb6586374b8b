import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import {
  CHALLENGE_MS,
  challengeUrl,
  hostnameFault,
  hostnameOf,
  newChallenge,
  VERIFIED_MS,
  verifiableHostOf,
  verifiedUntil,
} from '../../../src/core/tenant/domain.ts'

const NOW = 1_700_000_000_000

test('no two challenges are the same, and nothing in them can be guessed', () => {
  const challenges = Array.from({ length: 50 }, () => newChallenge(randomBytes, NOW))
  assert.equal(new Set(challenges.map(({ fileName }) => fileName)).size, 50)
  assert.equal(new Set(challenges.map(({ fileContent }) => fileContent)).size, 50)
  for (const { fileName, fileContent, createdAt, expiresAt } of challenges) {
    assert.match(fileName, /^[A-Za-z0-9_-]{32}\.txt$/)
    assert.match(fileContent, /^[A-Za-z0-9_-]{43}$/)
    assert.deepEqual([createdAt, expiresAt], [NOW, NOW + CHALLENGE_MS])
  }
})

test('the file of a challenge is at the place that is to be verified', () => {
  const challenge = { ...newChallenge(randomBytes, NOW), fileName: 'x.txt' }
  const url = (port: number) => challengeUrl({ hostname: 'shop.example.com', port, challenge })
  assert.equal(url(443), 'https://shop.example.com/.well-known/discue/x.txt')
  assert.equal(url(8443), 'https://shop.example.com:8443/.well-known/discue/x.txt')
})

test('a verification counts for 90 days', () => {
  assert.equal(verifiedUntil({ verifiedAt: null }, NOW), null)
  assert.equal(verifiedUntil({ verifiedAt: NOW }, NOW + VERIFIED_MS - 1), NOW + VERIFIED_MS)
  assert.equal(verifiedUntil({ verifiedAt: NOW }, NOW + VERIFIED_MS), null)
})

test('a host is known by the name that URLs give it', () => {
  assert.equal(hostnameOf('Shop.Example.COM'), 'shop.example.com')
  assert.equal(hostnameOf('bücher.example'), 'xn--bcher-kva.example')
  assert.equal(hostnameOf('0x7f.1'), '127.0.0.1')
  for (const text of [
    '',
    'a b',
    'http://a',
    'a/b',
    'a:80',
    'user@a',
    'a?b',
    'a#b',
    'a\\b',
    '[::1]',
    'x'.repeat(254),
    '*.a',
  ]) {
    assert.notEqual(hostnameFault(text), null, text)
  }
})

test('a URL is on the place of its host and port, and HTTP without a port also on that of HTTPS', () => {
  assert.deepEqual(verifiableHostOf('https://Shop.example.com/x'), { hostname: 'shop.example.com', ports: [443] })
  assert.deepEqual(verifiableHostOf('https://shop.example.com:8443/x'), { hostname: 'shop.example.com', ports: [8443] })
  assert.deepEqual(verifiableHostOf('http://shop.example.com:8080/'), { hostname: 'shop.example.com', ports: [8080] })
  assert.deepEqual(verifiableHostOf('http://shop.example.com/'), { hostname: 'shop.example.com', ports: [80, 443] })
})
