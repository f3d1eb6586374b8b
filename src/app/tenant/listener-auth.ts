import {
  type AuthChange,
  authFaults,
  goesElsewhere,
  keptSecret,
  readableAuth,
  SECRET_NAMES,
  type StoredAuth,
  sealedAuth,
} from '../../core/delivery/credentials/listener-auth.ts'
import type { DeliverySettings } from '../../core/delivery/listener.ts'
import { hasHeader } from '../../core/message/headers.ts'
import { invalid, Problem } from '../../core/problem.ts'
import type { SecretBox } from '../../core/tenant/secret-box.ts'

/**
 * What is to be stored of authentication that was asked for, encrypted where there is a key; `stored` is what the listener
 * has. Throws `invalid` where it cannot be sent, or where a secret is to be kept that is not there.
 */
export function authToStore(
  { secretBox }: { secretBox: SecretBox },
  listenerId: string,
  { stored, change }: { stored: StoredAuth | null; change: AuthChange | null },
): AuthChange | null {
  if (change === null) return null
  const secret = change.secret ?? keptSecret(stored, change)
  if (secret === null) {
    const why = goesElsewhere(stored, change)
      ? 'is not kept where token_url leads to another origin; send the value itself'
      : 'has no value that could be kept; send the value itself'
    throw invalid(`/auth/${SECRET_NAMES[change.type]}`, why)
  }
  if (secret === '' && change.type !== 'basic') throw invalid(`/auth/${SECRET_NAMES[change.type]}`, 'must not be empty')
  const kept = change.secret === null
  const clear = readableAuth(secretBox, listenerId, { ...change, secret })
  // What is kept was judged when it was stored, and this server may not be able to read it.
  const errors = authFaults(kept ? { ...clear, secret: '' } : clear)
  if (errors.length > 0) throw new Problem('invalid', { errors })
  return sealedAuth(secretBox, listenerId, change)
}

/** Throws `invalid` where deliveries would have two fields `authorization`; `named` are the settings that a client gave. */
export function expectOneAuthorization(
  { auth, headers }: Pick<DeliverySettings, 'auth' | 'headers'>,
  named: { auth?: unknown },
): void {
  if (auth === null || !hasHeader(headers, 'authorization')) return
  throw named.auth === undefined
    ? invalid('/headers/authorization', 'cannot be there beside auth, which sends this header')
    : invalid('/auth', 'cannot be there beside a header authorization: take that one out of headers')
}
