import type { Listener } from '../../core/delivery/listener.ts'
import { SigningKey } from '../../core/delivery/signature.ts'
import { openedOrNull, type SecretBox } from '../../core/tenant/secret-box.ts'
import { MAX_RETIRED } from '../../core/tenant/secret-rotation.ts'

/** The keys that sign a listener's deliveries, ready for use. */
export interface SigningKeys {
  /** The present one, then the one that it replaced, where that was within the past day. */
  at(now: number): readonly SigningKey[]
}

/** Null where the secret was encrypted with a key that this node does not have: then nothing may be sent. */
export function signingKeysOf({ id, secret, retiredSecrets }: Listener, box: SecretBox): SigningKeys | null {
  const current = openedOrNull(box, secret, id)
  if (current === null) return null
  const keys = [new SigningKey(current)]
  if (retiredSecrets.length === 0) return { at: () => keys }
  const retired = retiredSecrets.slice(0, MAX_RETIRED).flatMap(({ secret: sealed, until }) => {
    // Who replaces a secret that cannot be read must not wait a day for the new one to be used.
    const opened = openedOrNull(box, sealed, id)
    return opened === null ? [] : [{ key: new SigningKey(opened), until }]
  })
  return { at: (now) => [...keys, ...retired.filter(({ until }) => until > now).map(({ key }) => key)] }
}
