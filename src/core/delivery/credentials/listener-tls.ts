import { createPrivateKey, X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import { createSecureContext } from 'node:tls'
import type { Fault } from '../../problem.ts'
import { FaultList } from '../../schema/fault-list.ts'
import type { SecretBox } from '../../tenant/secret-box.ts'
import { openedValue, openedValueOrNull, type StoredValue, sealedValue } from '../../tenant/stored-value.ts'

/** How TLS is spoken with a listener, where not as with every other; certificates and keys are PEM (RFC 7468). */
interface ListenerTls<Secret> {
  /** Authorities that are trusted in place of the machine's own; null: the machine's. */
  ca: string | null
  /** What this client shows, and behind it what leads to its authority; null: nothing. */
  cert: string | null
  /** The private key of `cert`, without a passphrase. */
  key: Secret | null
  /** The name that is asked for and that the certificate must be for; null: the one in the URL. */
  serverName: string | null
  /** False: any certificate will do, where the operator allows that. */
  verify: boolean
}

export type StoredTls = ListenerTls<StoredValue>

/** What replaces a listener's; a key of undefined stands for the one that is stored. */
export type TlsChange = Omit<StoredTls, 'key'> & { key: StoredValue | null | undefined }

/** With its key in clear. */
export type OpenTls = ListenerTls<string>

/**
 * What is stored after a change. Where a key is to be kept that is not there any more, because another client has changed
 * the listener meanwhile, that client's change stands.
 */
export function withTls(stored: StoredTls | null, change: TlsChange | null): StoredTls | null {
  if (change === null || change.key !== undefined) return change as StoredTls | null
  return stored === null || stored.key === null ? stored : { ...change, key: stored.key }
}

/** The change with a key that is in clear encrypted, where the server has one to do so. */
export function sealedTls<Tls extends TlsChange>(box: SecretBox, listenerId: string, tls: Tls): Tls {
  return tls.key === undefined ? tls : { ...tls, key: sealedValue(box, placeOf(listenerId), tls.key) }
}

/** With its key in clear. Throws `SecretUnreadable`. */
export function openedTls(box: SecretBox, listenerId: string, tls: StoredTls): OpenTls {
  return { ...tls, key: tls.key === null ? null : openedValue(box, placeOf(listenerId), tls.key) }
}

/** With its key in clear, or without one where it cannot be had. */
export function readableTls(box: SecretBox, listenerId: string, tls: StoredTls): OpenTls {
  return { ...tls, key: tls.key === null ? null : openedValueOrNull(box, placeOf(listenerId), tls.key) }
}

function placeOf(listenerId: string): string {
  return `${listenerId} tls key`
}

/** Each of them is in memory wherever its listener is. */
const MAX_CA = 32_768
const MAX_CERT = 16_384
const MAX_KEY = 8_192
const MAX_SERVER_NAME = 253
const LABELS = /^[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?)*$/

/**
 * What is wrong with it now (epoch ms), as faults of the body; empty where it can be used. What is no other than `before` was
 * judged when it was set, and may have expired since. `keyUnknown`: there is a key, which this server cannot read.
 */
export function tlsFaults(
  tls: OpenTls,
  { now, before, keyUnknown = false }: { now: number; before: StoredTls | null; keyUnknown?: boolean },
): Fault[] {
  const found = new FaultList('/tls')
  const expect = (name: string, fault: string | null) => {
    if (fault !== null) found.addBelow(name, fault)
  }
  if (tls.ca !== before?.ca) expect('ca', certificatesFault(tls.ca, MAX_CA, now))
  if (tls.cert !== before?.cert) expect('cert', certificatesFault(tls.cert, MAX_CERT, now))
  expect('key', keyFault(tls.key))
  if (tls.cert !== null && tls.key === null && !keyUnknown) expect('key', 'is needed beside cert')
  if (tls.cert === null && (tls.key !== null || keyUnknown)) expect('cert', 'is needed beside key')
  expect('server_name', nameFault(tls.serverName))
  if (found.faults.length === 0) expect('key', pairFault(tls))
  if (found.faults.length === 0) expect(tls.cert === null ? 'ca' : 'cert', contextFault(tls))
  return found.faults
}

function certificatesFault(pem: string | null, most: number, now: number): string | null {
  if (pem === null) return null
  if (pem.length > most) return `must be at most ${most} characters`
  if (pem.includes('PRIVATE KEY-----')) return 'must hold certificates only, and no private key'
  const [, ...blocks] = pem.split(BEGIN)
  if (blocks.length === 0) return 'is not a certificate in PEM: -----BEGIN CERTIFICATE----- is missing'
  for (const [index, block] of blocks.entries()) {
    const which = blocks.length === 1 ? 'is' : `has, as its ${index + 1}. certificate,`
    const certificate = certificateIn(block)
    if (certificate === null) return `${which} what cannot be read as a certificate`
    const until = certificate.validToDate
    if (until.getTime() <= now)
      return `${which} expired: ${subjectOf(certificate)} was valid until ${until.toISOString()}`
  }
  return null
}

const BEGIN = '-----BEGIN CERTIFICATE-----'
const END = '-----END CERTIFICATE-----'

/** From behind its first line; null where it is none. */
function certificateIn(block: string): X509Certificate | null {
  const end = block.indexOf(END)
  if (end === -1) return null
  try {
    return new X509Certificate(`${BEGIN}${block.slice(0, end)}${END}`)
  } catch {
    // OpenSSL's own words speak of its decoders.
    return null
  }
}

function subjectOf({ subject }: X509Certificate): string {
  return JSON.stringify((subject ?? '').replaceAll('\n', ', ').slice(0, 100))
}

function keyFault(pem: string | null): string | null {
  if (pem === null) return null
  if (pem.length > MAX_KEY) return `must be at most ${MAX_KEY} characters`
  if (/^-----BEGIN ENCRYPTED|^Proc-Type: 4,ENCRYPTED/m.test(pem)) return 'must be a private key without a passphrase'
  try {
    createPrivateKey(pem)
    return null
  } catch {
    return 'is not a private key in PEM'
  }
}

function pairFault({ cert, key }: OpenTls): string | null {
  if (cert === null || key === null) return null
  const certificate = certificateIn(cert.split(BEGIN)[1] ?? '')
  return certificate?.checkPrivateKey(createPrivateKey(key)) === false
    ? 'does not belong to the first certificate in cert'
    : null
}

function nameFault(name: string | null): string | null {
  if (name === null) return null
  if (isIP(name) !== 0) return 'must be a name, not an address'
  return name.length <= MAX_SERVER_NAME && LABELS.test(name) ? null : 'must be a host name'
}

/** Keys too small, or of a kind that TLS cannot use. */
function contextFault({ ca, cert, key }: OpenTls): string | null {
  try {
    createSecureContext({ ...(ca !== null && { ca }), ...(cert !== null && key !== null && { cert, key }) })
    return null
  } catch (error) {
    return `cannot be used for TLS (${String((error as { code?: unknown }).code ?? 'unknown')})`
  }
}
