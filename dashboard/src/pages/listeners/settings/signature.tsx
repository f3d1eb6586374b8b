import type { ReactNode } from 'react'
import { Choice } from '../../../parts/field.tsx'
import type { Section } from './section.ts'

type Name = 'signature'

/** By what deliveries are signed. Keys are made by the server; one's own goes through the API. */
export const signature: Section<Name> = {
  title: 'Signature',
  pushOnly: true,
  typedOf: (listener) => ({ signature: [listener?.signature ?? 'v1'].flat().join(' ') }),
  bodyOf: ({ signature }) => {
    const versions = signature.split(' ')
    return { signature: versions.length === 1 ? versions[0] : versions }
  },
  faults: { '/signature': 'signature' },
  Fields: ({ field }) => (
    <Choice
      label="Signed by"
      options={[
        ['v1', 'A shared secret (HMAC, v1)'],
        ['v1a', 'A private key; receivers have the public one (Ed25519, v1a)'],
        ['v1 v1a', 'Both'],
      ]}
      {...field('signature')}
      hint="A secret that is new is shown once; the public key stands among the settings."
    />
  ),
  facts: ({ signature, public_key }) => [
    ['Signed by', [signature].flat().join(' and ')],
    ...(public_key === undefined ? [] : [['Public key', <code key="key">{public_key}</code>] as [string, ReactNode]]),
  ],
}
