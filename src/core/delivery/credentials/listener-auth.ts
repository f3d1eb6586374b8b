import type { Fault } from '../../problem.ts'
import { FaultList } from '../../schema/fault-list.ts'
import type { SecretBox } from '../../tenant/secret-box.ts'
import { openedValue, openedValueOrNull, type StoredValue, sealedValue } from '../../tenant/stored-value.ts'
import { unicodeFault } from '../../well-formed.ts'

export const AUTH_TYPES = ['basic', 'bearer', 'oauth2'] as const
export type AuthType = (typeof AUTH_TYPES)[number]

/** How the client names itself to a token endpoint (RFC 6749, section 2.3.1): by a header, or in the body. */
export const CLIENT_STYLES = ['basic', 'body'] as const

/** The client credentials grant of OAuth 2 (RFC 6749, section 4.4). */
export interface ClientCredentials<Secret> {
  type: 'oauth2'
  tokenUrl: string
  clientId: string
  scopes: readonly string[]
  audience: string | null
  style: (typeof CLIENT_STYLES)[number]
  /** The client's secret. */
  secret: Secret
}

/** How deliveries say to a listener who sends them. `secret` is the one part that answers never show. */
export type ListenerAuth<Secret> =
  /** RFC 7617; `secret` is the password. */
  | { type: 'basic'; username: string; secret: Secret }
  /** RFC 6750; `secret` is the token. */
  | { type: 'bearer'; secret: Secret }
  | ClientCredentials<Secret>

export type StoredAuth = ListenerAuth<StoredValue>

/** What replaces a listener's; a secret of null stands for the one that is stored. */
export type AuthChange = ListenerAuth<StoredValue | null>

/** With its secret in clear. */
export type OpenAuth = ListenerAuth<string>

/** The name of the secret part in the API. */
export const SECRET_NAMES = { basic: 'password', bearer: 'token', oauth2: 'client_secret' } as const

/**
 * What is stored after a change. Where a secret is to be kept that is not there any more, because another client has
 * changed the listener meanwhile, that client's change stands.
 */
export function withAuth(stored: StoredAuth | null, change: AuthChange | null): StoredAuth | null {
  if (change === null || change.secret !== null) return change as StoredAuth | null
  const kept = keptSecret(stored, change)
  return kept === null ? stored : { ...change, secret: kept }
}

/** The stored secret, where a change may keep it: it is of the same type, and goes nowhere else than before. */
export function keptSecret(stored: StoredAuth | null, change: AuthChange): StoredValue | null {
  return stored?.type === change.type && !goesElsewhere(stored, change) ? stored.secret : null
}

/** Whether a secret would be sent to another origin: only those who know it may send it there. */
export function goesElsewhere(stored: StoredAuth | null, change: AuthChange): boolean {
  if (stored?.type !== 'oauth2' || change.type !== 'oauth2') return false
  return new URL(stored.tokenUrl).origin !== new URL(change.tokenUrl).origin
}

/** The change with a secret that is in clear encrypted, where there is a key. */
export function sealedAuth<Auth extends ListenerAuth<StoredValue | null>>(
  box: SecretBox,
  listenerId: string,
  auth: Auth,
): Auth {
  return { ...auth, secret: sealedValue(box, placeOf(listenerId), auth.secret) }
}

/** With its secret in clear. Throws `SecretUnreadable`. */
export function openedAuth(box: SecretBox, listenerId: string, auth: StoredAuth): OpenAuth {
  return { ...auth, secret: openedValue(box, placeOf(listenerId), auth.secret) }
}

/** With its secret in clear, or empty where it cannot be had. */
export function readableAuth(box: SecretBox, listenerId: string, auth: StoredAuth): OpenAuth {
  return { ...auth, secret: openedValueOrNull(box, placeOf(listenerId), auth.secret) ?? '' }
}

function placeOf(listenerId: string): string {
  return `${listenerId} auth`
}

const MAX_NAME = 1_024
const MAX_SECRET = 4_096
const MAX_SCOPES = 32
const MAX_SCOPE = 256
const MAX_AUDIENCE = 2_048
const CONTROL = /\p{Cc}/u
/** What ends no field and no word of one: `Bearer` takes a single word. */
const WORD = /^[\x21-\x7e]*$/
/** `VSCHAR` of RFC 6749, appendix A. */
const VISIBLE = /^[\x20-\x7e]*$/
/** `scope-token` of RFC 6749, section 3.3. */
const SCOPE = /^[\x21\x23-\x5b\x5d-\x7e]+$/

/** What is wrong with it, as faults of the body, but for the token URL, which is judged as every URL is. */
export function authFaults(auth: OpenAuth): Fault[] {
  const found = new FaultList('/auth')
  const expect = (name: string, fault: string | null) => {
    if (fault !== null) found.addBelow(name, fault)
  }
  expect(SECRET_NAMES[auth.type], secretFault(auth))
  if (auth.type === 'basic') expect('username', usernameFault(auth.username))
  if (auth.type === 'oauth2') {
    expect('client_id', auth.clientId === '' ? 'must not be empty' : textFault(auth.clientId, MAX_NAME, VISIBLE))
    expect('scopes', scopesFault(auth.scopes))
    expect('audience', textFault(auth.audience ?? '', MAX_AUDIENCE, VISIBLE))
  }
  return found.faults
}

function secretFault({ type, secret }: OpenAuth): string | null {
  if (type === 'basic') return secret.length > MAX_SECRET ? tooLong(MAX_SECRET) : wordsFault(secret)
  if (type === 'bearer' && !WORD.test(secret)) return 'must be printable ASCII without spaces'
  return textFault(secret, MAX_SECRET, VISIBLE)
}

function usernameFault(username: string): string | null {
  if (username.length > MAX_NAME) return tooLong(MAX_NAME)
  // It ends where the first colon is (RFC 7617, section 2).
  return username.includes(':') ? 'must not have a colon' : wordsFault(username)
}

function scopesFault(scopes: readonly string[]): string | null {
  if (scopes.length > MAX_SCOPES) return `must have at most ${MAX_SCOPES} entries`
  const fits = scopes.every((scope) => scope.length <= MAX_SCOPE && SCOPE.test(scope))
  return fits ? null : `must be words of at most ${MAX_SCOPE} printable ASCII characters, without spaces, " and \\`
}

function wordsFault(text: string): string | null {
  return CONTROL.test(text) ? 'must not have control characters' : unicodeFault(text)
}

function textFault(text: string, most: number, allowed: RegExp): string | null {
  if (text.length > most) return tooLong(most)
  return allowed.test(text) ? null : 'must be printable ASCII'
}

function tooLong(most: number): string {
  return `must be at most ${most} characters`
}

/** The value of the `authorization` field, where it is the same for every delivery. */
export function fixedAuthorization(auth: Exclude<OpenAuth, { type: 'oauth2' }>): string {
  return auth.type === 'bearer' ? bearer(auth.secret) : basic(auth.username, auth.secret)
}

export function bearer(token: string): string {
  return `Bearer ${token}`
}

function basic(name: string, password: string): string {
  return `Basic ${Buffer.from(`${name}:${password}`, 'utf8').toString('base64')}`
}

/** What a client sends to fetch a token (RFC 6749, sections 2.3.1 and 4.4.2): a body, and headers in turns with values. */
export function tokenRequest(auth: ClientCredentials<string>): { headers: string[]; body: string } {
  const { clientId, secret, scopes, audience, style } = auth
  const form = new URLSearchParams({ grant_type: 'client_credentials' })
  if (scopes.length > 0) form.set('scope', scopes.join(' '))
  if (audience !== null) form.set('audience', audience)
  const headers = ['content-type', 'application/x-www-form-urlencoded', 'accept', 'application/json']
  if (style === 'basic')
    return { headers: [...headers, 'authorization', basic(encoded(clientId), encoded(secret))], body: String(form) }
  form.set('client_id', clientId)
  form.set('client_secret', secret)
  return { headers, body: String(form) }
}

/** Every way in which a token endpoint that repeats what it was sent may write the secret. */
export function writtenSecrets({ clientId, secret }: ClientCredentials<string>): string[] {
  if (secret === '') return []
  const sent = [secret, encoded(secret), encodeURIComponent(secret)]
  const headers = [basic(encoded(clientId), encoded(secret)), basic(clientId, secret)]
  // What ends a header's base64 may be cut off.
  const base64 = headers.map((header) => header.slice('Basic '.length).replace(/={1,2}$/, ''))
  return [...sent, JSON.stringify(secret).slice(1, -1), ...base64]
}

/** As a form has it. */
function encoded(text: string): string {
  return new URLSearchParams({ '': text }).toString().slice(1)
}
