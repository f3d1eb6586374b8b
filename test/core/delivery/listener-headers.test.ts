import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  openedHeaderOrNull,
  openedHeaders,
  type StoredHeaders,
  sealedHeaders,
  withHeaders,
} from '../../../src/core/delivery/listener-headers.ts'
import { CLEAR_BOX, createSecretBox, SecretUnreadable } from '../../../src/core/tenant/secret-box.ts'
import { predictableBytes } from '../../support/predictable-bytes.ts'

const box = createSecretBox(['k'.repeat(32)], predictableBytes())
const HEADERS = { authorization: 'Bearer x', 'X-Odd': 'sealed:000000000000:looks-like-one', empty: '' }

test('headers come back as they were sealed, and without a key they are as they are, whatever they look like', () => {
  const sealed = sealedHeaders(box, 'l1', HEADERS) as StoredHeaders
  for (const value of Object.values(sealed)) assert.ok(typeof value === 'object' && !value.sealed.includes('Bearer'))
  assert.deepEqual(openedHeaders(box, 'l1', sealed), HEADERS)
  assert.deepEqual(sealedHeaders(CLEAR_BOX, 'l1', HEADERS), HEADERS)
  assert.deepEqual(openedHeaders(CLEAR_BOX, 'l1', HEADERS), HEADERS)
  // What an older version left in clear can be read with a key, too.
  assert.deepEqual(openedHeaders(box, 'l1', HEADERS), HEADERS)
})

test('a sealed value can be read at its own listener, under its own name, and with its key alone', () => {
  const sealed = sealedHeaders(box, 'l1', HEADERS) as StoredHeaders
  const other = createSecretBox(['o'.repeat(32)], predictableBytes())
  assert.throws(() => openedHeaders(box, 'l2', sealed), SecretUnreadable)
  assert.throws(() => openedHeaders(box, 'l1', { other: sealed.authorization! }), SecretUnreadable)
  assert.throws(() => openedHeaders(other, 'l1', sealed), SecretUnreadable)
  assert.throws(() => openedHeaders(CLEAR_BOX, 'l1', sealed), SecretUnreadable)
  assert.equal(openedHeaderOrNull(other, { listenerId: 'l1', name: 'authorization' }, sealed.authorization!), null)
  // Upper and lower case are the same name.
  assert.deepEqual(openedHeaders(box, 'l1', { AUTHORIZATION: sealed.authorization! }), { AUTHORIZATION: 'Bearer x' })
  // A secret of the listener is no header of it.
  const secret = { sealed: box.seal('whsec_', 'l1') }
  assert.throws(() => openedHeaders(box, 'l1', { authorization: secret }), SecretUnreadable)
})

test('a change replaces all headers, but keeps values for null', () => {
  const stored = { 'X-A': '1', 'x-b': { sealed: 's' } }
  assert.deepEqual(withHeaders(stored, { 'x-a': null, 'X-B': null, 'x-c': '3' }), {
    'x-a': '1',
    'X-B': { sealed: 's' },
    'x-c': '3',
  })
  assert.deepEqual(withHeaders(stored, { 'x-gone': null }), {})
  assert.deepEqual(withHeaders(stored, {}), {})
})
