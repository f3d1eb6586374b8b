import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nearest } from '../../src/core/nearest.ts'

const WORDS = ['DISCUE_PORT', 'DISCUE_HOST', 'DISCUE_LOG_LEVEL', 'DISCUE_LOG_FORMAT', 'DISCUE_TARGETS']

test('a word that was mistyped is found, whatever was swapped, left out, added or written small', () => {
  const typed = { DISCUE_PROT: 0, DISCUE_HOSTS: 1, DISCUE_LOGLEVEL: 2, discue_log_formt: 3, DISCUE_TARGETTS: 4 }
  for (const [given, place] of Object.entries(typed)) assert.equal(nearest(given, WORDS), WORDS[place], given)
})

test('the nearest of several is found, and none where none is near', () => {
  assert.equal(nearest('--tls-kye', ['--tls-cert', '--tls-key']), '--tls-key')
  for (const given of ['', '--colour', 'x'.repeat(65), 'x'.repeat(1_000_000)]) {
    assert.equal(nearest(given, ['--port', '--host']), null)
  }
})

test('a short word is near to one that differs in a letter, and to no other', () => {
  assert.equal(nearest('hy', ['hi']), 'hi')
  assert.equal(nearest('ab', ['xy']), null)
})
