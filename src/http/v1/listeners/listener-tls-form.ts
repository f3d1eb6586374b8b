import { type Static, Type } from 'typebox'
import type { StoredTls, TlsChange } from '../../../core/delivery/credentials/listener-tls.ts'
import { strict } from '../../present/schemas.ts'
import { given, HIDDEN } from './write-only.ts'

const Text = (description: string, example: string | null) =>
  Type.Optional(Type.Unsafe<string | null>({ type: ['string', 'null'], description, examples: [example] }))
const PEM = '-----BEGIN CERTIFICATE-----\n…\n-----END CERTIFICATE-----'

const Tls = strict(
  {
    ca: Text('the authorities that are trusted, in PEM, in place of the well-known ones', PEM),
    cert: Text('the certificate that the server shows, in PEM, and behind it what leads to its authority', PEM),
    key: Text(
      'the private key of cert, in PEM, without a passphrase; write-only: answers show ***, and *** in a change keeps it',
      HIDDEN,
    ),
    server_name: Text(
      'what is asked for, and what the certificate must be for, where it is not the host of the URL',
      null,
    ),
    verify: Type.Optional(
      Type.Boolean({
        description: 'false: any certificate will do; only where the operator has set DISCUE_INSECURE_TLS=allowed',
        examples: [true],
      }),
    ),
  },
  { title: 'ListenerTls', description: 'how TLS is spoken with the notify_url and the liveness_url' },
)

type Sent = Static<typeof Tls>

export const NullableTls = Type.Unsafe<Sent | null>({
  ...Tls,
  type: ['object', 'null'],
  examples: [{ server_name: 'orders.internal', verify: true }],
})

/** In the words of the use cases. */
export function tlsOf({ ca = null, cert = null, key = null, server_name = null, verify = true }: Sent): TlsChange {
  return { ca, cert, key: key === null ? null : (given(key) ?? undefined), serverName: server_name, verify }
}

/** As answers show it, without its key. */
export function fullTls({ ca, cert, key, serverName, verify }: StoredTls): Sent {
  return { ca, cert, key: key && HIDDEN, server_name: serverName, verify }
}
