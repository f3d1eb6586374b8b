import { PrivateSigningKey } from '../../core/delivery/credentials/private-key.ts'
import type { Listener, SignatureVersion } from '../../core/delivery/listener.ts'
import { type Signer, SigningKey } from '../../core/delivery/signature.ts'
import { openedOrNull, type SecretBox } from '../../core/tenant/secret-box.ts'
import { unexpired } from '../../core/tenant/secret-rotation.ts'
import { secretsIn } from '../../core/tenant/signing-secrets.ts'

/** The keys that sign a listener's deliveries, ready for use. */
export interface SigningKeys {
  /** The present ones, then those that they replaced, where that was within the past day. */
  at(now: number): readonly Signer[]
}

/** Null where one of the present ones was encrypted with a key that this node does not have: then nothing may be sent. */
export function signingKeysOf({ id, secret, retiredSecrets, settings }: Listener, box: SecretBox): SigningKeys | null {
  const { signature: versions } = settings
  const keys = versions.map((version) => signerOf(secret, { version, box, id }))
  if (!keys.every((key) => key !== null)) return null
  if (retiredSecrets.length === 0) return { at: () => keys }
  const retired = unexpired(retiredSecrets, 0).flatMap(({ secret: text, until }) => {
    // Who replaces a secret that cannot be read must not wait a day for the new one to be used.
    const signers = versions.map((version) => signerOf(text, { version, box, id })).filter((one) => one !== null)
    return signers.map((key) => ({ key, until }))
  })
  return { at: (now) => [...keys, ...retired.filter(({ until }) => until > now).map(({ key }) => key)] }
}

/** Null where the text has no key for this version, or none that can be read. */
function signerOf(
  text: string,
  { version, box, id }: { version: SignatureVersion; box: SecretBox; id: string },
): Signer | null {
  const { secret, privateKey } = secretsIn(text)
  const sealed = version === 'v1' ? secret : privateKey
  const opened = sealed === null ? null : openedOrNull(box, sealed, id)
  if (opened === null) return null
  return version === 'v1' ? new SigningKey(opened) : new PrivateSigningKey(opened)
}
