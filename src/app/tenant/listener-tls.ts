import {
  readableTls,
  type StoredTls,
  sealedTls,
  type TlsChange,
  tlsFaults,
} from '../../core/delivery/credentials/listener-tls.ts'
import { invalid, Problem } from '../../core/problem.ts'
import type { SecretBox } from '../../core/tenant/secret-box.ts'

/**
 * What is to be stored of TLS settings that were asked for, the key encrypted where the server can; `stored` is what the
 * listener has. Throws `invalid` where it cannot be used, or where a key is to be kept that is not there.
 */
export function tlsToStore(
  deps: { secretBox: SecretBox; insecureTls: boolean; now: number },
  listenerId: string,
  { stored, change }: { stored: StoredTls | null; change: TlsChange | null },
): TlsChange | null {
  if (change === null) return null
  if (!change.verify && !deps.insecureTls) {
    throw invalid(
      '/tls/verify',
      'may be false only on a server with DISCUE_INSECURE_TLS=allowed; set ca to trust a certificate',
    )
  }
  const key = change.key === undefined ? (stored?.key ?? undefined) : change.key
  if (key === undefined) throw invalid('/tls/key', 'has no value that could be kept; send the value itself')
  const clear = readableTls(deps.secretBox, listenerId, { ...change, key })
  const keyUnknown = key !== null && clear.key === null
  const errors = tlsFaults(clear, { now: deps.now, before: stored, keyUnknown })
  if (errors.length > 0) throw new Problem('invalid', { errors })
  return sealedTls(deps.secretBox, listenerId, change)
}
