import { openedAuth, type StoredAuth, sealedAuth } from '../../core/delivery/credentials/listener-auth.ts'
import { openedTls, type StoredTls, sealedTls } from '../../core/delivery/credentials/listener-tls.ts'
import { openedHeaders, sealedHeaders } from '../../core/delivery/listener-headers.ts'
import { type SecretBox, SecretUnreadable } from '../../core/tenant/secret-box.ts'
import type { Secrets } from '../../core/tenant/secret-rotation.ts'
import { mapText } from '../../core/tenant/signing-secrets.ts'
import type { StoredSecrets } from '../../store/secrets.ts'
import type { Store } from '../../store/store.ts'

const AT_ONCE = 500

/** The server cannot start with the secrets that are stored; the message is one line for the operator. */
export class SecretsRefused extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'SecretsRefused'
  }
}

/**
 * Sees to it that every stored secret, and every value of a listener's headers, authentication and TLS, is encrypted with the newest key: those
 * that are in clear, because the key is first set now or an older version left headers in clear, and those of an older
 * key. It goes page by page, each in a transaction of its own: a start that is killed leaves both forms, which any start
 * can read, and the next one goes on. Throws `SecretsRefused` where one cannot be decrypted. Answers with the
 * number of listeners whose secrets were written anew.
 */
export async function sealAllSecrets(deps: { store: Pick<Store, 'secrets'>; secretBox: SecretBox }): Promise<number> {
  const { store, secretBox } = deps
  let after: string | null = null
  let written = 0
  for (;;) {
    const ask = { prefix: secretBox.prefix, sealed: secretBox.seals, after, limit: AT_ONCE }
    const found: StoredSecrets[] = await store.secrets.without(ask)
    if (found.length > 0) await store.secrets.reseal(found.map((from) => ({ from, to: resealed(secretBox, from) })))
    written += found.length
    if (found.length < AT_ONCE) return written
    after = found.at(-1)!.listenerId
  }
}

function resealed(box: SecretBox, { listenerId, headers, auth, tls, ...secrets }: StoredSecrets): StoredSecrets {
  try {
    const again = mapSecrets(secrets, (one) => box.seal(box.open(one, listenerId), listenerId))
    return {
      listenerId,
      ...again,
      headers: sealedHeaders(box, listenerId, openedHeaders(box, listenerId, headers)),
      auth: auth && sealedAuth<StoredAuth>(box, listenerId, openedAuth(box, listenerId, auth)),
      tls: tls && sealedTls<StoredTls>(box, listenerId, openedTls(box, listenerId, tls)),
    }
  } catch (error) {
    if (!(error instanceof SecretUnreadable)) throw error
    const way =
      error.reason === 'damaged'
        ? 'restore it from a backup, or delete the listener with another copy'
        : WAYS[error.reason]
    throw new SecretsRefused(`a secret of the listener ${listenerId} cannot be read: ${error.message}; ${way}`)
  }
}

const WAYS = {
  no_key: 'set DISCUE_SECRET_KEY to the key that it was encrypted with',
  other_key: 'set DISCUE_SECRET_KEY to that key, or to your new key and that one with a comma between them',
}

function mapSecrets({ secret, retiredSecrets }: Secrets, map: (one: string) => string): Secrets {
  const mapped = (text: string) => mapText(text, map)
  return {
    secret: mapped(secret),
    retiredSecrets: retiredSecrets.map((retired) => ({ ...retired, secret: mapped(retired.secret) })),
  }
}
