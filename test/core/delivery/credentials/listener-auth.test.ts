import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type AuthChange,
  authFaults,
  type ClientCredentials,
  fixedAuthorization,
  openedAuth,
  type StoredAuth,
  sealedAuth,
  tokenRequest,
  withAuth,
} from '../../../../src/core/delivery/credentials/listener-auth.ts'
import { createSecretBox } from '../../../../src/core/tenant/secret-box.ts'
import { predictableBytes } from '../../../support/predictable-bytes.ts'

const CLIENT: ClientCredentials<string> = {
  ...{ type: 'oauth2', tokenUrl: 'https://login.test/token', clientId: 'a:b c', secret: 'p%+ q' },
  ...{ scopes: ['x', 'y:z'], audience: 'https://shop.test', style: 'basic' },
}

test('a user name and password are sent as RFC 7617 has it, in UTF-8, and a token as RFC 6750 has it', () => {
  // The examples of RFC 7617, sections 2 and 2.1.
  assert.equal(
    fixedAuthorization({ type: 'basic', username: 'Aladdin', secret: 'open sesame' }),
    'Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==',
  )
  assert.equal(fixedAuthorization({ type: 'basic', username: 'test', secret: '123\u00a3' }), 'Basic dGVzdDoxMjPCow==')
  assert.equal(fixedAuthorization({ type: 'bearer', secret: 'mF_9.B5f-4.1JqM' }), 'Bearer mF_9.B5f-4.1JqM')
})

test('a token is asked for with the credentials in a header, encoded as a form, or in the body', () => {
  const form = { grant_type: 'client_credentials', scope: 'x y:z', audience: 'https://shop.test' }
  const inHeader = tokenRequest(CLIENT)
  assert.deepEqual(Object.fromEntries(new URLSearchParams(inHeader.body)), form)
  const [, value] = inHeader.headers.slice(inHeader.headers.indexOf('authorization'))
  assert.equal(Buffer.from(value!.slice('Basic '.length), 'base64').toString(), 'a%3Ab+c:p%25%2B+q')
  const inBody = tokenRequest({ ...CLIENT, style: 'body', scopes: [], audience: null })
  assert.equal(inBody.headers.includes('authorization'), false)
  assert.deepEqual(Object.fromEntries(new URLSearchParams(inBody.body)), {
    ...{ grant_type: 'client_credentials', client_id: 'a:b c', client_secret: 'p%+ q' },
  })
})

test('what cannot be sent, or would say something else, is a fault of its property', () => {
  const faults = (auth: Parameters<typeof authFaults>[0]) => authFaults(auth).map(({ path }) => path)
  assert.deepEqual(faults(CLIENT), [])
  assert.deepEqual(faults({ type: 'basic', username: '', secret: '' }), [])
  assert.deepEqual(faults({ type: 'basic', username: 'a:b', secret: 'c\n' }), ['/auth/password', '/auth/username'])
  assert.deepEqual(faults({ type: 'basic', username: 'a'.repeat(1_025), secret: 'a'.repeat(4_097) }).length, 2)
  for (const secret of ['a b', 'a\r\nx: y', '\u00e9', 'a'.repeat(4_097)]) {
    assert.deepEqual(faults({ type: 'bearer', secret }), ['/auth/token'])
  }
  assert.deepEqual(faults({ ...CLIENT, clientId: '', scopes: ['a b'], audience: '\u00e9', secret: '\n' }), [
    ...['/auth/client_secret', '/auth/client_id', '/auth/scopes', '/auth/audience'],
  ])
  assert.deepEqual(faults({ ...CLIENT, scopes: Array.from({ length: 33 }, () => 'a') }), ['/auth/scopes'])
})

test('a secret that is to be kept is the stored one, as long as one of this type is there', () => {
  const stored: StoredAuth = { type: 'basic', username: 'a', secret: { sealed: 'x' } }
  const renamed: AuthChange = { type: 'basic', username: 'b', secret: null }
  assert.deepEqual(withAuth(stored, renamed), { ...renamed, secret: stored.secret })
  assert.equal(withAuth(stored, null), null)
  assert.equal(withAuth(null, renamed), null)
  assert.deepEqual(withAuth({ type: 'bearer', secret: 'x' }, renamed), { type: 'bearer', secret: 'x' })
})

test('a sealed secret is opened for the listener that it was sealed for, and for no other', () => {
  const box = createSecretBox(['k'.repeat(32)], predictableBytes())
  const sealed = sealedAuth<StoredAuth>(box, 'one', CLIENT)
  assert.doesNotMatch(JSON.stringify(sealed), /p%\+ q/)
  assert.deepEqual(openedAuth(box, 'one', sealed), CLIENT)
  assert.throws(() => openedAuth(box, 'other', sealed))
})

test('a secret that is to be kept goes to no other origin, also where another client has changed the URL meanwhile', () => {
  const stored: StoredAuth = { ...CLIENT, tokenUrl: 'https://other.test/token' }
  assert.equal(withAuth(stored, { ...CLIENT, secret: null }), stored)
})
