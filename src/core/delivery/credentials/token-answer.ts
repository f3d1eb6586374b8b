import type { Outcome } from '../attempt.ts'
import { type ClientCredentials, writtenSecrets } from './listener-auth.ts'

/** Of a token endpoint's answer no more is read than this. */
export const MAX_TOKEN_ANSWER_BYTES = 64 * 1024
/** Longer ones fit into no header that common servers take. */
const MAX_TOKEN_LENGTH = 8 * 1024
/** Where the answer does not say how long a token is good for. */
const DEFAULT_LIFE_MS = 5 * 60_000
/** So long before its end a token is fetched anew, as a delivery takes its time; half of its life where that is shorter. */
const MARGIN_MS = 30_000
/** A token is asked for again after a day at the latest, whatever its answer says. */
const MAX_LIFE_MS = 86_400_000
const MAX_SHOWN = 200
/** RFC 6749, sections 5.2 and 4.1.2.1. */
const ERRORS = new Set([
  ...['invalid_request', 'invalid_client', 'invalid_grant', 'unauthorized_client', 'unsupported_grant_type'],
  ...['invalid_scope', 'access_denied', 'unsupported_response_type', 'server_error', 'temporarily_unavailable'],
])

/** A token, for `usableMs` from when its answer came; or why there is none, in words for the client. */
export type TokenAnswer = { token: string; usableMs: number } | { fault: string }

/**
 * What a token endpoint has answered (RFC 6749, sections 5.1 and 5.2). Never throws, whatever came. A fault never shows
 * a token, or anything that holds the client's secret.
 */
export function readTokenAnswer({ status, error, response }: Outcome, sent: ClientCredentials<string>): TokenAnswer {
  if (error !== null) return { fault: `the token URL could not be asked (${error})${shown(response, sent)}` }
  if (status !== 200) return { fault: `the token URL answered ${status}${reasonIn(response, sent)}` }
  if (Buffer.byteLength(response) >= MAX_TOKEN_ANSWER_BYTES) return { fault: 'the answer of the token URL is too long' }
  const answer = objectIn(response)
  if (answer === null) return { fault: 'the answer of the token URL is no JSON object' }
  return tokenIn(answer)
}

function tokenIn({ access_token: token, token_type: type, expires_in: seconds }: Record<string, unknown>): TokenAnswer {
  if (typeof token !== 'string' || token === '') return { fault: 'the answer of the token URL has no access_token' }
  // Many endpoints leave it out, though RFC 6749 wants it.
  if (type !== undefined && !isBearer(type))
    return { fault: 'the answer of the token URL has another token_type than bearer' }
  if (token.length > MAX_TOKEN_LENGTH || !/^[\x21-\x7e]+$/.test(token))
    return { fault: 'the access_token cannot be sent in a header' }
  return { token, usableMs: usableMs(seconds) }
}

function isBearer(type: unknown): boolean {
  return typeof type === 'string' && type.toLowerCase() === 'bearer'
}

/** Some endpoints write the number as a string. */
function usableMs(seconds: unknown): number {
  const given = typeof seconds === 'string' ? Number.parseFloat(seconds) : seconds
  const isTime = typeof given === 'number' && Number.isFinite(given) && given >= 0
  const lifeMs = Math.min(isTime ? given * 1_000 : DEFAULT_LIFE_MS, MAX_LIFE_MS)
  return Math.round(lifeMs - Math.min(MARGIN_MS, lifeMs / 2))
}

/** What the endpoint says is wrong, where it says it in the way of RFC 6749. */
function reasonIn(response: string, sent: ClientCredentials<string>): string {
  const answer = objectIn(response)
  if (answer === null) return ''
  const { error, error_description: description } = answer
  const named = typeof error === 'string' && ERRORS.has(error) ? `: ${error}` : ''
  return typeof description === 'string' ? named + shown(description, sent) : named
}

/** Some of these words, or nothing where the secret is in them: looked for in what is shown, however it was written. */
function shown(words: string, sent: ClientCredentials<string>): string {
  const plain = words.replace(/[^\x20-\x7e]+/g, ' ').trim()
  const told = comparable(plain)
  const isTold = writtenSecrets(sent).some((secret) => told.includes(comparable(secret)))
  return plain === '' || isTold ? '' : `: ${plain.slice(0, MAX_SHOWN)}`
}

/** Lines may have been broken anew, and `%2f` may have become `%2F`. */
function comparable(text: string): string {
  return text.replace(/ +/g, '').toLowerCase()
}

function objectIn(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null
  } catch {
    return null
  }
}
