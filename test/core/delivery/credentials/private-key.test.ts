import assert from 'node:assert/strict'
import { createPublicKey, verify } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  makePrivateKey,
  PrivateSigningKey,
  privateKeyFault,
  publicKeyOf,
} from '../../../../src/core/delivery/credentials/private-key.ts'

const textOf = (bytes: Uint8Array) => `whsk_${Buffer.from(bytes).toString('base64')}`

/** The vectors of RFC 8032, 7.1: seed, public key, message, signature. */
const VECTORS = [
  [
    '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
    'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
    '',
    'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
  ],
  [
    '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb',
    '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
    '72',
    '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
  ],
] as const

test('public keys and signatures are those of the specification', () => {
  for (const [seed, publicKey, message, signature] of VECTORS) {
    const key = textOf(Buffer.from(seed, 'hex'))
    assert.equal(publicKeyOf(key), `whpk_${Buffer.from(publicKey, 'hex').toString('base64')}`)
    const signed = new PrivateSigningKey(key).sign(Buffer.from(message, 'hex'))
    assert.equal(signed, Buffer.from(signature, 'hex').toString('base64'))
  }
})

test('what is signed verifies by the public key, as text and as bytes, and nothing else does', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), fc.string(), (seed, text) => {
      const key = textOf(seed)
      const x = Buffer.from(publicKeyOf(key).slice('whpk_'.length), 'base64').toString('base64url')
      const publicKey = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' })
      const signer = new PrivateSigningKey(key)
      const signature = Buffer.from(signer.sign(text), 'base64')
      assert.equal(signer.sign(Buffer.from(text)), signature.toString('base64'))
      assert.ok(verify(null, Buffer.from(text), publicKey, signature))
      assert.ok(!verify(null, Buffer.from(`${text}.`), publicKey, signature))
    }),
    { numRuns: 30 },
  )
})

test('a private key is a seed of 32 bytes, or of 64 the seed and the public key that belongs to it', () => {
  const seed = Buffer.from(VECTORS[0][0], 'hex')
  const both = Buffer.concat([seed, Buffer.from(VECTORS[0][1], 'hex')])
  assert.deepEqual([privateKeyFault(textOf(seed)), privateKeyFault(textOf(both))], [null, null])
  assert.equal(publicKeyOf(textOf(both)), publicKeyOf(textOf(seed)))
  assert.match(privateKeyFault(textOf(Buffer.concat([seed, seed])))!, /public key that belongs/)
  for (const wrong of ['', 'whsk_', textOf(seed.subarray(1)), `${textOf(seed)}=`, `whsec_${textOf(seed).slice(5)}`]) {
    assert.match(privateKeyFault(wrong)!, /must be "whsk_"/, wrong)
  }
  assert.equal(privateKeyFault(makePrivateKey((size) => Buffer.alloc(size, 7))), null)
})
