import type { Secrets } from '../tenant/secret-rotation.ts'
import { unicodeFault } from '../well-formed.ts'
import { type AuthChange, type StoredAuth, withAuth } from './credentials/listener-auth.ts'
import { type StoredTls, type TlsChange, withTls } from './credentials/listener-tls.ts'
import { type HeadersChange, type StoredHeaders, withHeaders } from './listener-headers.ts'
import { DEFAULT_RETRY_POLICY, type RetryPolicy } from './retry-policy.ts'

/** `disabled`: messages are stored for it, and nothing is delivered until it is enabled again. */
export const LISTENER_STATUSES = ['enabled', 'disabled'] as const
type ListenerStatus = (typeof LISTENER_STATUSES)[number]

/** `queue`: strictly in the order of acceptance; `key`: so among messages of one key. */
export const ORDERINGS = ['none', 'queue', 'key'] as const
export type Ordering = (typeof ORDERINGS)[number]

/**
 * What follows a missed message where the order counts: the next one, or nothing until a client redelivers or deletes
 * it.
 */
export const ON_MISSED = ['continue', 'block'] as const
type OnMissed = (typeof ON_MISSED)[number]

/** How a delivery is sent; GET carries no body. */
export const DELIVERY_METHODS = ['POST', 'PUT', 'PATCH', 'DELETE', 'GET'] as const
export type DeliveryMethod = (typeof DELIVERY_METHODS)[number]

/** How deliveries are signed, by the Standard Webhooks specification: by a shared secret, or by a private key. */
export const SIGNATURE_VERSIONS = ['v1', 'v1a'] as const
export type SignatureVersion = (typeof SIGNATURE_VERSIONS)[number]

/** At most so many deliveries begin in so many milliseconds. */
export interface RateLimit {
  requests: number
  perMs: number
}

/** How a listener wants to be served; every property has a default. */
export interface DeliverySettings {
  retry: RetryPolicy
  /** One attempt, from connecting to the end of the answer; 100 to 300,000 ms. */
  timeoutMs: number
  /** Attempts in flight at once; 1 to 1,000. */
  maxConcurrency: number
  status: ListenerStatus
  /** Null: as fast as it answers. */
  rateLimit: RateLimit | null
  ordering: Ordering
  onMissed: OnMissed
  method: DeliveryMethod
  /** At least one, in the order of `SIGNATURE_VERSIONS`. */
  signature: readonly SignatureVersion[]
  /** Of the private key that `v1a` signs with, `whpk_…`; null: there is none. */
  publicKey: string | null
  /** Whether deliveries that fail in a row hold the rest back; else each follows its retry policy to the letter. */
  circuitBreaker: boolean
  /** Sent with each delivery, beside what the server says itself; encrypted like secrets. */
  headers: StoredHeaders
  /** How deliveries say who sends them; null: they do not, beside their signature. */
  auth: StoredAuth | null
  /** How TLS is spoken with its URLs; null: as with any other. */
  tls: StoredTls | null
  /** Which messages it gets (`core/listener-filter/`), as JSON; null: all. Holds for those that are accepted from then on. */
  filter: string | null
  /** Since when the filter is this one, in epoch ms; 0 where it never was another. */
  filterSince: number
  /** Nothing is sent to it until the domains of its URLs are verified. */
  awaitsVerification: boolean
}

/** Settings that were named; those that were not stay as they are. */
export interface SettingsChange extends Partial<Omit<DeliverySettings, 'retry' | 'headers' | 'auth' | 'tls'>> {
  retry?: Partial<RetryPolicy>
  headers?: HeadersChange
  auth?: AuthChange | null
  tls?: TlsChange | null
}

/** A receiver that gets every message of a queue, or those that fit its filter. */
export interface Listener extends Secrets {
  id: string
  organizationId: string
  queueId: string
  name: string
  /** Null: nothing is sent to it, it comes and takes what waits (a *pull* listener). */
  notifyUrl: string | null
  livenessUrl: string | null
  /** What signs its deliveries, `whsec_…` or that encrypted (`secret-box.ts`), also with a private key (`signing-secrets.ts`). */
  secret: string
  settings: DeliverySettings
  createdAt: number
  updatedAt: number
}

/** A listener's counters, kept by the store in the same transaction as what they count. */
export interface ListenerCounters {
  /** Deliveries that still wait, for whatever reason. */
  pendingCount: number
  acknowledgedCount: number
  lastSuccessAt: number | null
  lastFailureAt: number | null
  missedCount: number
  /** Newest first, at most 100. */
  missedMessageIds: string[]
}

export const DEFAULT_SETTINGS: DeliverySettings = Object.freeze({
  retry: DEFAULT_RETRY_POLICY,
  timeoutMs: 15_000,
  maxConcurrency: 64,
  status: 'enabled',
  rateLimit: null,
  ordering: 'none',
  onMissed: 'continue',
  method: 'POST',
  signature: Object.freeze(['v1'] as const),
  publicKey: null,
  circuitBreaker: true,
  headers: Object.freeze({}),
  auth: null,
  tls: null,
  filter: null,
  filterSince: 0,
  awaitsVerification: false,
})

/** A listener that deliveries are sent to now. */
export type Pushed<L extends Listener = Listener> = L & { notifyUrl: string }

/** Whether deliveries are sent to the listener: it is enabled where it may be, and does not come for them itself. */
export function isPushed<L extends Listener>(listener: L): listener is Pushed<L> {
  const { status, awaitsVerification } = listener.settings
  return listener.notifyUrl !== null && status === 'enabled' && !awaitsVerification
}

/** The settings with what the change names; a property that is there but undefined counts as left out. */
export function withChange(settings: DeliverySettings, change: SettingsChange): DeliverySettings {
  const headers = change.headers === undefined ? settings.headers : withHeaders(settings.headers, change.headers)
  const auth = change.auth === undefined ? settings.auth : withAuth(settings.auth, change.auth)
  const tls = change.tls === undefined ? settings.tls : withTls(settings.tls, change.tls)
  return overlaid(settings, { ...change, headers, auth, tls, retry: overlaid(settings.retry, change.retry ?? {}) })
}

function overlaid<Whole extends object>(whole: Whole, part: Partial<Whole>): Whole {
  const given = Object.entries(part).filter(([, value]) => value !== undefined)
  return { ...whole, ...Object.fromEntries(given) }
}

export const MIN_TIMEOUT_MS = 100
export const MAX_TIMEOUT_MS = 300_000
export const MAX_CONCURRENCY = 1_000
const MAX_URL_LENGTH = 2_048
export const MAX_RATE_REQUESTS = 1_000_000
export const MIN_RATE_PER_MS = 100
/** A day. */
export const MAX_RATE_PER_MS = 86_400_000

/** Why a URL cannot be a target, or null where it can. */
export function urlFault(text: string): string | null {
  if (text.length > MAX_URL_LENGTH) return `must be at most ${MAX_URL_LENGTH} characters`
  const fault = unicodeFault(text)
  if (fault !== null) return fault
  // The URL parser trims and drops these silently; what we store should be what we call.
  if (/[\s\p{Cc}]/u.test(text)) return 'must not contain spaces or control characters'
  if (!/^https?:\/\//i.test(text)) return 'must be an absolute http or https URL'
  // The parser looks on for a host, and takes `http:///example` for a URL of the host `example`.
  if (!/^https?:\/\/[^/\\?#]/i.test(text)) return 'must be an absolute http or https URL with a host after the slashes'
  if (!URL.canParse(text)) return 'must be an absolute http or https URL'
  // To the parser it is a slash, to much else it is none.
  if (text.includes('\\')) return 'must not contain a backslash'
  const url = new URL(text)
  // An empty name leaves nothing but its sign.
  if (url.username !== '' || url.password !== '' || authorityOf(text).includes('@'))
    return 'must not contain a user name or password'
  if (/^\.+$/.test(url.hostname)) return 'must have a host that is more than dots'
  if (url.port === '0') return 'must have a port from 1 to 65535'
  return null
}

/** What stands between the slashes and the path of an http or https URL. */
function authorityOf(text: string): string {
  return text.slice(text.indexOf('//') + 2).split(/[/?#]/, 1)[0]!
}

/** Whose turn it is, of all messages with one key of one listener. */
export interface OrderHead {
  sequence: number
  /** It was missed, and those behind it wait until a client has seen to it. */
  isBlocked: boolean
}

/** By what a message stands in the order of a listener: the empty text where all of a queue do; null: outside of the order. */
export function orderKeyOf(ordering: Exclude<Ordering, 'none'>, key: string | null): string | null {
  return ordering === 'queue' ? '' : key
}

/** A message that is accepted, or was done with and comes again: it may be sent, or it waits for its turn. */
export function onEnter(head: OrderHead | undefined, sequence: number): 'head' | 'held' {
  return head === undefined || head.sequence === sequence ? 'head' : 'held'
}

/** A message that is done with, or gone: the next one takes its turn, or it leaves those that wait. */
export function onLeave(head: OrderHead | undefined, sequence: number): 'promotes' | 'leaves' {
  return head?.sequence === sequence ? 'promotes' : 'leaves'
}
