import { looksPrivate, makePrivateKey, publicKeyOf } from '../../core/delivery/credentials/private-key.ts'
import type { SignatureVersion } from '../../core/delivery/listener.ts'
import { makeSecret } from '../../core/delivery/signature.ts'
import { invalid } from '../../core/problem.ts'
import type { Runtime } from '../../runtime.ts'

/** What a caller says of how deliveries are to be signed. `rotate` has one made. */
export interface KeysAsk {
  signature?: readonly SignatureVersion[] | undefined
  /** The secret; of a listener with `v1a` alone its private key. */
  secret?: string | undefined
  privateKey?: string | undefined
}

/** New keys in clear; what is left out stays as it is. */
export interface NewKeys {
  secret?: string
  /** Null: there is none any more. */
  privateKey?: string | null
  publicKey?: string | null
}

/**
 * The keys that a listener gets which signs by `before`, none where it is new. What it needs for the first time, and is not
 * given, is made. Throws `invalid` for a key of a kind that it does not sign by.
 */
export function newKeys(
  { randomBytes }: Pick<Runtime, 'randomBytes'>,
  ask: KeysAsk,
  before: readonly SignatureVersion[],
): NewKeys {
  const versions = ask.signature ?? before
  const { secret, privateKey } = sortedAsk(ask, versions)
  const needs = (version: SignatureVersion) => versions.includes(version) && !before.includes(version)
  const made: NewKeys = {}
  if (secret === 'rotate' || (secret === undefined && needs('v1'))) made.secret = makeSecret(randomBytes)
  else if (secret !== undefined) made.secret = secret
  if (!versions.includes('v1a')) return before.includes('v1a') ? { ...made, privateKey: null, publicKey: null } : made
  const isMade = privateKey === 'rotate' || (privateKey === undefined && needs('v1a'))
  const given = isMade ? makePrivateKey(randomBytes) : privateKey
  return given === undefined ? made : { ...made, privateKey: given, publicKey: publicKeyOf(given) }
}

/** What was given, by what it is. */
function sortedAsk({ secret, privateKey }: KeysAsk, versions: readonly SignatureVersion[]) {
  if (privateKey !== undefined && !versions.includes('v1a')) {
    throw invalid('/private_key', 'is for a listener with the signature v1a')
  }
  if (versions.includes('v1')) {
    if (secret !== undefined && looksPrivate(secret))
      throw invalid('/secret', 'must be whsec_…; private_key is for whsk_…')
    return { secret, privateKey }
  }
  if (secret !== undefined && privateKey !== undefined) {
    throw invalid('/private_key', 'cannot be combined with secret where v1a is the only signature; send one of them')
  }
  if (secret !== undefined && secret !== 'rotate' && !looksPrivate(secret)) {
    throw invalid('/secret', 'must be whsk_… where v1a is the only signature')
  }
  return { secret: undefined, privateKey: privateKey ?? secret }
}
