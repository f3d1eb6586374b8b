import type { AttemptError } from '../../core/delivery/attempt.ts'

/** What went wrong between us and a listener: for programs, and in words that are kept in place of an answer. */
export interface TransportFault {
  error: AttemptError
  detail: string
}

const RESET = 'the connection was cut before an answer came'

/** Codes of Node's sockets that say more than "it failed". */
const BY_CODE: Readonly<Record<string, TransportFault>> = {
  ECONNREFUSED: { error: 'connection_refused', detail: 'nothing listens at that address and port' },
  ECONNRESET: { error: 'connection_reset', detail: RESET },
  EPIPE: { error: 'connection_reset', detail: RESET },
  ETIMEDOUT: { error: 'timeout', detail: 'the connection did not come about in time' },
  EHOSTUNREACH: { error: 'connection_failed', detail: 'no way leads to that address' },
  ENETUNREACH: { error: 'connection_failed', detail: 'no way leads to that address' },
  EADDRNOTAVAIL: { error: 'connection_failed', detail: 'this server has no free port, or no address, to connect from' },
  EMFILE: { error: 'connection_failed', detail: 'this server has as many files and sockets open as it may' },
}

/** Errors of our own, whose message is written for the client that reads the attempt. */
const OWN: Readonly<Record<string, AttemptError>> = {
  BLOCKED_TARGET: 'blocked_target',
  NAME_UNKNOWN: 'dns',
  NAME_UNANSWERED: 'dns',
  RESPONSE_HEAD_TOO_LARGE: 'response_too_large',
  INVALID_RESPONSE: 'invalid_response',
  INVALID_REQUEST: 'connection_failed',
  CONNECTION_CLOSED: 'connection_reset',
  ERR_TLS_SETTINGS: 'tls',
  PROXY: 'proxy',
  BEYOND_PROXY: 'connection_failed',
  FORBIDDEN_BY_PROXY: 'blocked_by_proxy',
}

const NOT_VOUCHED_FOR = 'no authority that this server trusts vouches for the certificate'
const NO_TLS = 'the port does not speak TLS: should the URL begin with http://?'
const CLIENT_CERTIFICATE = 'the receiver wants a client certificate'

/** Codes that OpenSSL has for a certificate, and alerts, whose codes begin differently from version to version. */
const TLS_DETAIL: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'the certificate has expired',
  CERT_NOT_YET_VALID: 'the certificate is not valid yet',
  CERT_REVOKED: 'the certificate was revoked',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'the certificate is self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: 'the certificate was issued by an authority of its own, which this server does not trust',
  UNABLE_TO_GET_ISSUER_CERT: NOT_VOUCHED_FOR,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: NOT_VOUCHED_FOR,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: `${NOT_VOUCHED_FOR}; the receiver may not send the certificates in between`,
  INVALID_PURPOSE: 'the certificate is not meant for servers',
  HOSTNAME_MISMATCH: 'the certificate is for another name',
  ERR_TLS_CERT_ALTNAME_INVALID: 'the certificate is for another name',
  ERR_SSL_WRONG_VERSION_NUMBER: NO_TLS,
  ERR_SSL_PACKET_LENGTH_TOO_LONG: NO_TLS,
  ERR_SSL_HTTP_REQUEST: NO_TLS,
  ALERT_CERTIFICATE_REQUIRED: CLIENT_CERTIFICATE,
  // What TLS 1.2 says where none was sent.
  ALERT_BAD_CERTIFICATE: CLIENT_CERTIFICATE,
  ALERT_HANDSHAKE_FAILURE:
    'the receiver refused the handshake: it may want a client certificate, or shares no cipher with this server',
  ALERT_PROTOCOL_VERSION: 'the receiver speaks no version of TLS that this server speaks',
  ERR_SSL_UNSUPPORTED_PROTOCOL: 'the receiver speaks no version of TLS that this server speaks',
  ERR_SSL_TLSV1_UNRECOGNIZED_NAME: 'the receiver does not know the name that it was asked for',
}

/** All that Node and OpenSSL say of a certificate or of TLS. */
const OF_TLS =
  /^(ERR_TLS|ERR_SSL|ERR_OSSL|EPROTO|CERT_|CRL_|ERROR_IN_C|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH|UNSPECIFIED|HOSTNAME_MISMATCH)/

/** Longer lists of names, as large providers have them, are cut. */
const MAX_NAMES = 200

/** Names what went wrong between us and a listener. */
export function transportFault(error: Error): TransportFault {
  return byCode(error) ?? { error: 'connection_failed', detail: 'no connection could be made' }
}

function byCode(error: Error): TransportFault | null {
  const { code } = error as { code?: unknown }
  if (typeof code !== 'string') return null
  const own = OWN[code]
  if (own !== undefined) return { error: own, detail: error.message }
  if (OF_TLS.test(code)) return { error: 'tls', detail: tlsDetail(code, error) }
  return BY_CODE[code] ?? null
}

function tlsDetail(code: string, error: Error): string {
  const alertAt = code.lastIndexOf('ALERT_')
  const detail = TLS_DETAIL[alertAt === -1 ? code : code.slice(alertAt)] ?? `TLS could not be agreed on (${code})`
  const names = (error as { cert?: { subjectaltname?: unknown } }).cert?.subjectaltname
  if (code !== 'ERR_TLS_CERT_ALTNAME_INVALID' || typeof names !== 'string') return detail
  return `${detail}; it has ${names.length > MAX_NAMES ? `${names.slice(0, MAX_NAMES)}…` : names}`
}
