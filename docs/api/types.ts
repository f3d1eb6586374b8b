// What the API takes and answers. Made of openapi.json by `npm run openapi`: change the routes, not this file.

export type AuthType = 'basic' | 'bearer' | 'oauth2'
/**
 * what becomes of due times at which no server was running: the newest runs while it is less than a minute past (none), the newest runs (last), or each runs (all)
 */
export type CatchUp = 'none' | 'last' | 'all'
/**
 * of oauth2: client_id and client_secret in a header (the default), or in the body
 */
export type ClientStyle = 'basic' | 'body'
/**
 * disabled: messages are stored, none is delivered
 */
export type ListenerStatus = 'enabled' | 'disabled'
/**
 * deliver in the order of acceptance: within the queue, or among messages of one key
 */
export type Ordering = 'none' | 'queue' | 'key'
/**
 * what follows a missed message where the order counts
 */
export type OnMissed = 'continue' | 'block'
/**
 * how a delivery is sent; GET carries no body, and its signature is that of an empty one
 */
export type DeliveryMethod = 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'GET'
/**
 * v1: HMAC-SHA256 with a shared secret; v1a: Ed25519, which receivers verify by the public key alone
 */
export type SignatureVersion = 'v1' | 'v1a'
export type CreateScheduleRequest = CreateScheduleRequestCron | CreateScheduleRequestEvery | CreateScheduleRequestAt
/**
 * whether a due time makes its message while the message of the one before it is still pending (allow), or is passed over (skip)
 */
export type Overlap = 'allow' | 'skip'
/**
 * `expired` where the message expired, `discarded` where the listener was deleted before it had the message
 */
export type DeliveryStatus = 'pending' | 'delivered' | 'missed' | 'expired' | 'discarded'
export type LeftOutReason = 'filter'
export type ListedDeliveryStatus = 'pending' | 'missed' | 'delivered'
export type LivenessState = 'stable' | 'unstable' | 'down' | 'unknown'
/**
 * `disabled`: the listener is; `domain`: its domain is not verified; `paused`: its queue is; `order`: the message before it (`behind`); `lease`: a client has pulled it; `due`: its time; `retry`: the pause after a failed attempt; `pull`: a client that pulls it; `down`: the listener is down, or its circuit breaker open; `proxy`: the proxy of the server failed; `rate_limit`: the rate that the listener allows, or a `Retry-After` of its receiver; `concurrency`: attempts under way; `sending`: nothing.
 */
export type WaitReason =
  | 'disabled'
  | 'domain'
  | 'paused'
  | 'order'
  | 'lease'
  | 'due'
  | 'retry'
  | 'pull'
  | 'down'
  | 'proxy'
  | 'rate_limit'
  | 'concurrency'
  | 'sending'
/**
 * derived from the deliveries; `unrouted` where its queue had no listener when it was accepted, or none whose filter it fits, so that no listener gets it; `expired` where it expired before a listener had it; `discarded` where a listener was deleted before it had it
 */
export type MessageStatus = 'scheduled' | 'pending' | 'delivered' | 'missed' | 'expired' | 'discarded' | 'unrouted'
export type PreviewScheduleRequest = PreviewScheduleRequestCron | PreviewScheduleRequestEvery | PreviewScheduleRequestAt
export type UsageEventType =
  | 'api_key_added'
  | 'api_key_updated'
  | 'api_key_deleted'
  | 'queue_added'
  | 'queue_updated'
  | 'queue_deleted'
  | 'listener_added'
  | 'listener_updated'
  | 'listener_deleted'
  | 'message_added'
  | 'message_published_ok'
  | 'message_published_not_ok'
export interface AcknowledgeMessagesRequest {
  /**
   * @minItems 1
   * @maxItems 1000
   *
   * Items: as a pull handed it out
   */
  receipts: string[]
}
export interface AcknowledgeMessagesResult {
  acknowledged: number
  /**
   * receipts of leases that were over
   */
  lost: string[]
  _links: SelfLink
}
export interface SelfLink {
  self: Link
}
export interface Link {
  href: string
}
export interface AdvanceClockRequest {
  /**
   * how far to go, in milliseconds
   */
  ms: number
}
export interface AdvanceClockResult {
  clock: AdvanceClockResultClock
  _links: SelfLink
}
export interface AdvanceClockResultClock {
  /**
   * milliseconds since the Unix epoch
   */
  now: number
}
export interface ApiClient {
  /**
   * 21 characters of 0-9 A-Z a-z, sorted by time of creation
   */
  id: string
  name: string
  status: 'active' | 'frozen'
  limits: Limits
  /**
   * milliseconds since the Unix epoch
   */
  created_at: number
  /**
   * milliseconds since the Unix epoch
   */
  updated_at: number
  /**
   * the one that the root key belongs to
   */
  root?: boolean
}
export interface Limits {
  /**
   * null means no limit
   */
  queues: number | null
  /**
   * null means no limit
   */
  listeners: number | null
  /**
   * null means no limit
   */
  api_keys: number | null
  /**
   * null means no limit
   */
  schedules: number | null
  /**
   * null means no limit
   */
  stored_messages: number | null
  /**
   * null means no limit
   */
  messages_per_day: number | null
  /**
   * null means no limit
   */
  requests_per_minute: number | null
}
export interface ApiClientEnvelope {
  api_client: ApiClient
  _links: SelfLink
}
export interface ApiClientList {
  api_clients: ApiClientRef[]
  _embedded?: ApiClientListEmbedded
  _links: Links
}
export interface ApiClientRef {
  /**
   * 21 characters of 0-9 A-Z a-z, sorted by time of creation
   */
  id: string
  name: string
}
export interface ApiClientListEmbedded {
  api_clients: ApiClient[]
}
export interface Links {
  self: Link
  [k: string]: Link
}
export interface ApiKey {
  /**
   * 21 characters of 0-9 A-Z a-z, sorted by time of creation
   */
  id: string
  /**
   * its id where it was given none
   */
  name: string
  /**
   * milliseconds since the Unix epoch
   */
  created_at: number
  /**
   * milliseconds since the Unix epoch
   */
  updated_at: number
  /**
   * milliseconds since the Unix epoch
   */
  last_used_at: number | null
  /**
   * the first 3 characters
   */
  key: string
  status: string
  scopes: ApiKeyScope[]
  owner?: boolean
}
export interface ApiKeyScope {
  resource: string
  access: string
  targets: unknown
}
export interface ApiKeyEnvelope {
  api_key: ApiKey
  _links: SelfLink
}
export interface ApiKeyList {
  api_keys: ApiKeyRef[]
  _embedded?: ApiKeyListEmbedded
  _links: Links
}
export interface ApiKeyRef {
  /**
   * 21 characters of 0-9 A-Z a-z, sorted by time of creation
   */
  id: string
  name: string
}
export interface ApiKeyListEmbedded {
  api_keys: ApiKey[]
}
export interface ApiKeyV2 {
  /**
   * 21 characters of 0-9 A-Z a-z, sorted by time of creation
   */
  id: string
  /**
   * milliseconds since the Unix epoch
   */
  created_at: number
  /**
   * milliseconds since the Unix epoch
   */
  updated_at: number
  /**
   * milliseconds since the Unix epoch
   */
  last_used_at: number | null
  /**
   * the key where it is made, else its first 3 characters
   */
  key: string
  status: string
  scopes: ScopesV2
  owner?: boolean
  alias: string
}
export interface ScopesV2 {
  [k: string]: ScopeV2
}
export interface ScopeV2 {
  access: string
  targets: string[]
}
export interface ApiKeyV2Envelope {
  api_key: ApiKeyV2
  _links: SelfLink
}
export interface Attempt {
  /**
   * 21 characters of 0-9 A-Z a-z, sorted by time of creation
   */
  listener_id: string
  /**
   * counts from 1 for each message and listener
   */
  number: number
  /**
   * milliseconds since the Unix epoch
   */
  started_at: number
  /**
   * milliseconds
   */
  duration: number
  /**
   * of the answer, where there was one
   */
  status?: number
  /**
   * why there was no answer that could be judged
   */
  error?: string
  /**
   * the first KiB of it; without an answer, what went wrong in words
   */
  response: string
}
export interface AttemptList {
  attempts: Attempt[]
  _links: Links
}
export interface Challenge {
  https: ChallengeHttps
}
/**
 * a file with this content at https://hostname:port/context_path/file_name verifies the domain
 */
export interface ChallengeHttps {
  context_path: string
  file_name: string
  file_content: string
  /**
   * milliseconds since the Unix epoch
   */
  created_at: number
  /**
   * milliseconds since the Unix epoch
   */
  expires_at: number
}
export interface Check {
  /**
   * a delivery would be acknowledged
   */
  passed: boolean
  phases: CheckPhase[]
  /**
   * of the target, those that may be connected to
   */
  addresses: string[]
  /**
   * of the answer, where there was one
   */
  status?: number
  /**
   * the first KiB of it; without an answer, what went wrong in words
   */
  response: string
}
export interface CheckPhase {
  name: 'token' | 'resolve' | 'target' | 'connect' | 'tls' | 'send'
  /**
   * skipped: one before it failed; not_needed: an address needs no resolving, plain HTTP no TLS
   */
  verdict: 'passed' | 'failed' | 'skipped' | 'not_needed'
  /**
   * milliseconds
   */
  duration: number
  /**
   * why it failed, in the words of attempts
   */
  error?: string
  /**
   * the same in words
   */
  message?: string
}
export interface CheckListenerResult {
  check: Check
  _links: SelfLink
}
export interface CountRedeliveryResult {
  count: RedeliveryCount
  _links: Links
}
export interface RedeliveryCount {
  /**
   * deliveries, of those that this answer looked at
   */
  matched: number
}
export interface CreateApiClientRequest {
  /**
   * 1 to 128 characters of A-Z a-z 0-9 . _ / -, at least one of them a letter or digit
   */
  name: string
  limits?: LimitsChange
}
export interface LimitsChange {
  /**
   * null means no limit
   */
  queues?: number | null
  /**
   * null means no limit
   */
  listeners?: number | null
  /**
   * null means no limit
   */
  api_keys?: number | null
  /**
   * null means no limit
   */
  schedules?: number | null
  /**
   * null means no limit
   */
  stored_messages?: number | null
  /**
   * null means no limit
   */
  messages_per_day?: number | null
  /**
   * null means no limit
   */
  requests_per_minute?: number | null
}
export interface CreateApiClientResult {
  api_client: ApiClientRef
  /**
   * its owner key, shown only here, not in a repeated answer
   */
  api_key?: string
  _links: SelfLink
}
export interface CreateApiKeyRequest {
  /**
   * 1 to 128 characters of A-Z a-z 0-9 . _ / -, at least one of them a letter or digit
   */
  name?: string
  status?: 'enabled' | 'disabled'
  /**
   * @maxItems 100
   */
  scopes?: NewScope[]
  owner?: boolean
}
export interface NewScope {
  resource:
    | 'events'
    | 'queues'
    | 'listeners'
    | 'messages'
    | 'schemas'
    | 'stats'
    | 'schedules'
    | 'domains'
    | 'channels'
    | 'topics'
    | 'api_clients'
    | 'api_keys'
    | 'subscriptions'
  access: 'read' | 'write'
  /**
   * must be "*", ["*"], or an array of at most 1000 ids
   */
  targets: '*' | string[]
}
export interface CreateApiKeyResult {
  /**
   * the key, shown only here, not in a repeated answer
   */
  api_key?: string
  /**
   * 21 characters of 0-9 A-Z a-z, sorted by time of creation
   */
  id: string
  /**
   * its id where it was given none
   */
  name: string
  _links: SelfLink
}
export interface CreateApiKeyV2Request {
  status?: 'enabled' | 'disabled'
  scopes?: NewScopesV2
  owner?: boolean
  alias: string
}
export interface NewScopesV2 {
  events?: NewScopeV2
  queues?: NewScopeV2
  listeners?: NewScopeV2
  messages?: NewScopeV2
  schemas?: NewScopeV2
  stats?: NewScopeV2
  schedules?: NewScopeV2
  domains?: NewScopeV2
  channels?: NewScopeV2
  topics?: NewScopeV2
  api_clients?: NewScopeV2
  api_keys?: NewScopeV2
  subscriptions?: NewScopeV2
}
export interface NewScopeV2 {
  access?: 'read' | 'write'
  /**
   * @maxItems 1000
   *
   * Items: must be "*" or the id of what it may be used for: 1 to 64 characters of A-Z a-z 0-9 _ -
   */
  targets?: string[]
}
export interface CreateDomainRequest {
  /**
   * 1 to 128 characters of A-Z a-z 0-9 . _ / -, at least one of them a letter or digit
   */
  name: string
  /**
   * the name of a host, without scheme, port or path
   */
  hostname: string
  /**
   * of HTTPS; 443 unless told
   */
  port?: number
}
export interface CreateDomainV2Request {
  alias: string
  /**
   * the name of a host, without scheme, port or path
   */
  hostname: string
  /**
   * must be 80, 443, or from 1024 to 65535
   */
  port?: number
}
export interface CreateListenerRequest {
  /**
   * 1 to 128 characters of A-Z a-z 0-9 . _ / -, at least one of them a letter or digit
   */
  name: string
  /**
   * an absolute http or https URL without credentials; without one (or null) nothing is sent: messages wait to be pulled
   */
  notify_url?: string | null
  /**
   * an absolute http or https URL without credentials; asked with GET about every 30 s, and while that fails nothing is delivered
   */
  liveness_url?: string | null
  retry?: RetryChange
  /**
   * milliseconds
   */
  timeout?: number
  max_concurrency?: number
  status?: ListenerStatus
  rate_limit?: RateLimit | null
  ordering?: Ordering
  on_missed?: OnMissed
  method?: DeliveryMethod
  /**
   * false: every delivery follows its retry policy to the letter, and only a liveness_url makes the listener down
   */
  circuit_breaker?: boolean
  /**
   * must be v1, v1a, or both as a list: how deliveries are signed (Standard Webhooks)
   */
  signature?: SignatureVersion | SignatureVersion[]
  /**
   * sent with each delivery; none that the server sends itself. Values are write-only: answers show ***, and *** in a change keeps the value that is stored under the name
   */
  headers?: {
    [k: string]: string
  }
  auth?: ListenerAuth | null
  tls?: ListenerTls | null
  /**
   * which messages it gets, of those that are accepted from then on; null: all. `name`: patterns for the name of the message, in which `*` stands for any run of characters. `data`, for messages whose data is a JSON object: by dotted path a value, or an object of `$eq`, `$ne`, `$in`, `$nin`, `$gt`, `$gte`, `$lt`, `$lte`, `$exists`, `$startsWith`, `$endsWith` and `$contains`; `$or` and `$not` combine. At most 64 conditions, 8 levels and 8192 bytes
   */
  filter?: {
    [k: string]: unknown
  } | null
  secret?: string
  private_key?: string
}
export interface RetryChange {
  max_attempts?: number
  /**
   * milliseconds
   */
  initial_delay?: number
  /**
   * milliseconds
   */
  max_delay?: number
  multiplier?: number
}
export interface RateLimit {
  requests: number
  /**
   * milliseconds
   */
  per: number
}
/**
 * how deliveries say who sends them: by a user name and password (basic), by a token (bearer), or by a token that the server fetches with the client credentials grant (oauth2); each type has properties of its own
 */
export interface ListenerAuth {
  type: AuthType
  /**
   * of basic
   */
  username?: string
  /**
   * of basic; write-only: answers show ***, and *** in a change keeps the value that is stored
   */
  password?: string
  /**
   * of bearer; write-only: answers show ***, and *** in a change keeps the value that is stored
   */
  token?: string
  /**
   * of oauth2
   */
  token_url?: string
  /**
   * of oauth2
   */
  client_id?: string
  /**
   * of oauth2; write-only: answers show ***, and *** in a change keeps the value that is stored
   */
  client_secret?: string
  /**
   * of oauth2
   */
  scopes?: string[]
  /**
   * of oauth2
   */
  audience?: string | null
  style?: ClientStyle
}
/**
 * how TLS is spoken with the notify_url and the liveness_url
 */
export interface ListenerTls {
  /**
   * the authorities that are trusted, in PEM, in place of the well-known ones
   */
  ca?: string | null
  /**
   * the certificate that the server shows, in PEM, and behind it what leads to its authority
   */
  cert?: string | null
  /**
   * the private key of cert, in PEM, without a passphrase; write-only: answers show ***, and *** in a change keeps it
   */
  key?: string | null
  /**
   * what is asked for, and what the certificate must be for, where it is not the host of the URL
   */
  server_name?: string | null
  /**
   * false: any certificate will do; only where the operator has set DISCUE_INSECURE_TLS=allowed
   */
  verify?: boolean
}
export interface CreateListenerResult {
  listener: CreatedListener
  _links: SelfLink
}
export interface CreatedListener {
  /**
   * 21 characters of 0-9 A-Z a-z, sorted by time of creation
   */
  id: string
  name: string
  /**
   * with v1a: whpk_ and the base64 of the public key that verifies the signatures
   */
  public_key?: string
  /**
   * shown only here, not in a repeated answer
   */
  secret?: string
}
export interface CreateListenerV2Request {
  alias: string
  /**
   * an absolute http or https URL without credentials; without one (or null) nothing is sent: messages wait to be pulled
   */
  notify_url?: string | null
  /**
   * an absolute http or https URL without credentials; asked with GET about every 30 s, and while that fails nothing is delivered
   */
  liveness_url?: string | null
  retry?: RetryChange
  /**
   * milliseconds
   */
  timeout?: number
  max_concurrency?: number
  status?: ListenerStatus
  rate_limit?: RateLimit | null
  ordering?: Ordering
  on_missed?: OnMissed
  method?: DeliveryMethod
  /**
   * false: every delivery follows its retry policy to the letter, and only a liveness_url makes the listener down
   */
  circuit_breaker?: boolean
  /**
   * must be v1, v1a, or both as a list: how deliveries are signed (Standard Webhooks)
   */
  signature?: SignatureVersion | SignatureVersion[]
  /**
   * sent with each delivery; none that the server sends itself. Values are write-only: answers show ***, and *** in a change keeps the value that is stored under the name
   */
  headers?: {
    [k: string]: string
  }
  auth?: ListenerAuth | null
  tls?: ListenerTls | null
  /**
   * which messages it gets, of those that are accepted from then on; null: all. `name`: patterns for the name of the message, in which `*` stands for any run of characters. `data`, for messages whose data is a JSON object: by dotted path a value, or an object of `$eq`, `$ne`, `$in`, `$nin`, `$gt`, `$gte`, `$lt`, `$lte`, `$exists`, `$startsWith`, `$endsWith` and `$contains`; `$or` and `$not` combine. At most 64 conditions, 8 levels and 8192 bytes
   */
  filter?: {
    [k: string]: unknown
  } | null
  secret?: string
  private_key?: string
}
export interface CreateListenerV2Result {
  listener: CreatedListenerV2
  _links: SelfLink
}
export interface CreatedListenerV2 {
  /**
   * 21 characters of 0-9 A-Z a-z, sorted by time of creation
   */
  id: string
  alias: string
  /**
   * shown only here, not in a repeated answer
   */
  secret?: string
}
export interface CreateMessageRequest {
  /**
   * at most 256 KiB of UTF-8; required unless data_base64 is there
   */
  data?: string
  /**
   * bytes that are no text, in place of data: base64 with padding, of at most 256 KiB; listeners are sent the bytes. Not for a queue that has a schema
   */
  data_base64?: string
  /**
   * the Content-Type that it is delivered with: a media type (RFC 9110, 8.3.1). Unless told, application/json where data is JSON, else text/plain; application/octet-stream for data_base64
   */
  content_type?: string
  /**
   * 1 to 128 characters of A-Z a-z 0-9 . _ / -, at least one of them a letter or digit
   */
  name?: string
  /**
   * 1 to 128 characters; listeners with ordering by key go by it
   */
  key?: string
  /**
   * when to deliver it, in milliseconds since the Unix epoch; a time that is over means now, one below 10^12 is refused as seconds
   */
  deliver_at?: number
  /**
   * milliseconds from now, instead of deliver_at
   */
  delay?: number
  /**
   * when it expires, in milliseconds since the Unix epoch: a delivery that is not under way by then is never made. It must be later than the time at which the message is due, by at most 366 days
   */
  expires_at?: number
  /**
   * milliseconds from the time at which it is due, instead of expires_at
   */
  expires_in?: number
  /**
   * sent with each delivery: at most 16, of at most 4,096 characters in all; none that the server sends itself, and of a name that the listener sets as well its own is sent
   */
  headers?: {
    [k: string]: string
  }
}
export interface CreateMessageResult {
  message: MessageRef
  _links: SelfLink
}
export interface MessageRef {
  /**
   * 21 characters of 0-9 A-Z a-z, sorted by time of creation
   */
  id: string
  name: string
}
export interface CreateMessagesRequest {
  /**
   * must be an array of 1 to 1000 messages
   *
   * @minItems 1
   * @maxItems 1000
   */
  messages: CreateMessageRequest[]
}
export interface CreateMessagesResult {
  messages: MessageRef[]
  _links: SelfLink
}
export interface CreateQueueRequest {
  /**
   * 1 to 128 characters of A-Z a-z 0-9 . _ / -, at least one of them a letter or digit
   */
  name: string
  /**
   * a map of property to rule, or null for none
   */
  schema?: {
    [k: string]: unknown
  }
  /**
   * messages are stored, and none is delivered until this is false
   */
  paused?: boolean
}
export interface CreateQueueV2Request {
  alias: string
  /**
   * a map of property to rule, or null for none
   */
  schema?: {
    [k: string]: unknown
  }
  /**
   * messages are stored, and none is delivered until this is false
   */
  paused?: boolean
}
export interface CreateRedeliveryRequest {
  /**
   * accepted then or later; however old where left out
   */
  since?: number
  /**
   * accepted before then; up to now where left out
   */
  until?: number
  /**
   * only deliveries that stand like this when their turn comes; missed unless told
   */
  status?: 'pending' | 'delivered' | 'missed' | 'all'
  /**
   * whether what is scheduled, or waits for its next attempt, becomes due at once; else it keeps its time
   */
  now?: boolean
}
export interface CreateScheduleRequestCron {
  /**
   * 1 to 128 characters of A-Z a-z 0-9 . _ / -, at least one of them a letter or digit
   */
  name: string
  /**
   * of each message: at most 256 KiB of UTF-8; required unless data_base64 is there
   */
  data?: string
  /**
   * bytes that are no text, in place of data: base64 with padding, of at most 256 KiB; listeners are sent the bytes. Not for a queue that has a schema
   */
  data_base64?: string
  /**
   * 5 fields (minute, hour, day of month, month, day of week), or 6 with the second before them, or @yearly, @annually, @monthly, @weekly, @daily, @midnight, @hourly; CRON_TZ=Europe/Berlin before them sets timezone
   */
  cron: string
  /**
   * of cron and of a calendar period: the name of an IANA time zone; UTC unless told
   */
  timezone?: string
  /**
   * the Content-Type that it is delivered with: a media type (RFC 9110, 8.3.1). Unless told, application/json where data is JSON, else text/plain; application/octet-stream for data_base64
   */
  content_type?: string | null
  /**
   * the name of each message
   */
  message_name?: string | null
  /**
   * the key of each message, 1 to 128 characters; listeners with ordering by key go by it
   */
  key?: string | null
  /**
   * sent with each delivery: at most 16, of at most 4,096 characters in all; none that the server sends itself, and of a name that the listener sets as well its own is sent
   */
  headers?: {
    [k: string]: string
  } | null
  /**
   * milliseconds after it is made, in which each message is delivered or expires
   */
  expires_in?: number | null
  /**
   * no due time lies before; inclusive
   */
  starts_at?: number | null
  /**
   * no due time lies behind; inclusive
   */
  ends_at?: number | null
  /**
   * a pause skips what falls into it
   */
  paused?: boolean
  catch_up?: CatchUp
  overlap?: Overlap
  /**
   * milliseconds by which each due time is run later, at most: another number for each schedule and due time, and the same whenever it is worked out; at most half of the shortest time between two due times
   */
  jitter?: number
}
export interface CreateScheduleRequestEvery {
  /**
   * 1 to 128 characters of A-Z a-z 0-9 . _ / -, at least one of them a letter or digit
   */
  name: string
  /**
   * of each message: at most 256 KiB of UTF-8; required unless data_base64 is there
   */
  data?: string
  /**
   * bytes that are no text, in place of data: base64 with padding, of at most 256 KiB; listeners are sent the bytes. Not for a queue that has a schema
   */
  data_base64?: string
  /**
   * milliseconds, or a calendar period of at least one day in timezone (ISO 8601, such as P2W, P1M or P1Y6M); counted from starts_at, at which a period begins, or else from its creation
   */
  every: number | string
  /**
   * of cron and of a calendar period: the name of an IANA time zone; UTC unless told
   */
  timezone?: string
  /**
   * the Content-Type that it is delivered with: a media type (RFC 9110, 8.3.1). Unless told, application/json where data is JSON, else text/plain; application/octet-stream for data_base64
   */
  content_type?: string | null
  /**
   * the name of each message
   */
  message_name?: string | null
  /**
   * the key of each message, 1 to 128 characters; listeners with ordering by key go by it
   */
  key?: string | null
  /**
   * sent with each delivery: at most 16, of at most 4,096 characters in all; none that the server sends itself, and of a name that the listener sets as well its own is sent
   */
  headers?: {
    [k: string]: string
  } | null
  /**
   * milliseconds after it is made, in which each message is delivered or expires
   */
  expires_in?: number | null
  /**
   * no due time lies before; inclusive
   */
  starts_at?: number | null
  /**
   * no due time lies behind; inclusive
   */
  ends_at?: number | null
  /**
   * a pause skips what falls into it
   */
  paused?: boolean
  catch_up?: CatchUp
  overlap?: Overlap
  /**
   * milliseconds by which each due time is run later, at most: another number for each schedule and due time, and the same whenever it is worked out; at most half of the shortest time between two due times
   */
  jitter?: number
}
export interface CreateScheduleRequestAt {
  /**
   * 1 to 128 characters of A-Z a-z 0-9 . _ / -, at least one of them a letter or digit
   */
  name: string
  /**
   * of each message: at most 256 KiB of UTF-8; required unless data_base64 is there
   */
  data?: string
  /**
   * bytes that are no text, in place of data: base64 with padding, of at most 256 KiB; listeners are sent the bytes. Not for a queue that has a schema
   */
  data_base64?: string
  /**
   * once, in milliseconds since the Unix epoch
   */
  at: number
  /**
   * of cron and of a calendar period: the name of an IANA time zone; UTC unless told
   */
  timezone?: string
  /**
   * the Content-Type that it is delivered with: a media type (RFC 9110, 8.3.1). Unless told, application/json where data is JSON, else text/plain; application/octet-stream for data_base64
   */
  content_type?: string | null
  /**
   * the name of each message
   */
  message_name?: string | null
  /**
   * the key of each message, 1 to 128 characters; listeners with ordering by key go by it
   */
  key?: string | null
  /**
   * sent with each delivery: at most 16, of at most 4,096 characters in all; none that the server sends itself, and of a name that the listener sets as well its own is sent
   */
  headers?: {
    [k: string]: string
  } | null
  /**
   * milliseconds after it is made, in which each message is delivered or expires
   */
  expires_in?: number | null
  /**
   * no due time lies before; inclusive
   */
  starts_at?: number | null
  /**
   * no due time lies behind; inclusive
   */
  ends_at?: number | null
  /**
   * a pause skips what falls into it
   */
  paused?: boolean
  catch_up?: CatchUp
  overlap?: Overlap
  /**
   * milliseconds by which each due time is run later, at most: another number for each schedule and due time, and the same whenever it is worked out; at most half of the shortest time between two due times
   */
  jitter?: number
}
export interface Deleted {
  _links: SelfLink
}
/**
 * milliseconds from when a message was due to its acknowledgement, at most 10 % off
 */
export interface DeliveryLatency {
  count: number
  p50: number | null
  p95: number | null
  p99: number | null
}
export interface Discard {
  /**
   * 21 characters of 0-9 A-Z a-z, sorted by time of creation
   */
  id?: string
  /**
   * deliveries that were ended so far, or that would be
   */
  matched: number
  /**
   * whether all were looked at, and nothing of them is on its way any more; of a dry run, whether all were counted
   */
  done: boolean
  /**
   * pending, scheduled, missed
   */
  status?: string
  /**
   * 21 characters of 0-9 A-Z a-z, sorted by time of creation
   */
  listener_id?: string
  /**
   * milliseconds since the Unix epoch
   */
  since?: number
  /**
   * milliseconds since the Unix epoch
   */
  until?: number
  contains?: string
  /**
   * milliseconds since the Unix epoch
   */
  created_at?: number
}
export interface DiscardEnvelope {
  discard: Discard
  _links: SelfLink
}
export interface DiscardMessagesRequest {
  /**
   * only deliveries that stand like this when their turn comes; all that are not delivered unless told
   */
  status?: 'pending' | 'scheduled' | 'missed'
  /**
   * only deliveries to this listener; to all where left out
   */
  listener_id?: string
  /**
   * accepted then or later; however old where left out
   */
  since?: number
  /**
   * accepted before then; up to now where left out
   */
  until?: number
  /**
   * must be a text of 1 to 1024 characters: only messages whose data contains exactly this
   */
  contains?: string
  /**
   * whether deliveries are only counted; nothing is changed, and the answer has no id
   */
  dry_run?: boolean
}
export interface DiscardedCounts {
  /**
   * with their message
   */
  deleted: number
  listener_deleted: number
  /**
   * missed, and removed by retention
   */
  retention: number
  /**
   * the message expired before it was delivered
   */
  expired: number
}
export interface Domain {
  /**
   * 21 characters of 0-9 A-Z a-z, sorted by time of creation
   */
  id: string
  name: string
  hostname: string
  /**
   * of HTTPS; 443 unless told
   */
  port: number
  /**
   * verified: listeners can be there
   */
  status: 'pending' | 'verified'
  /**
   * milliseconds since the Unix epoch
   */
  verified_at: number | null
  /**
   * milliseconds since the Unix epoch
   */
  verified_until: number | null
  https: DomainHttps
  /**
   * milliseconds since the Unix epoch
   */
  created_at: number
  /**
   * milliseconds since the Unix epoch
   */
  updated_at: number
}
/**
 * a file with this content at https://hostname:port/context_path/file_name verifies the domain
 */
export interface DomainHttps {
  context_path: string
  file_name: string
  file_content: string
  /**
   * milliseconds since the Unix epoch
   */
  created_at: number
  /**
   * milliseconds since the Unix epoch
   */
  expires_at: number
}
export interface DomainEnvelope {
  domain: Domain
  _links: SelfLink
}
export interface DomainList {
  domains: DomainRef[]
  _embedded?: DomainListEmbedded
  _links: Links
}
export interface DomainRef {
  /**
   * 21 characters of 0-9 A-Z a-z, sorted by time of creation
   */
  id: string
  name: string
}
export interface DomainListEmbedded {
  domains: Domain[]
}
export interface DomainV2 {
  /**
   * 21 characters of 0-9 A-Z a-z, sorted by time of creation
   */
  id: string
  alias: string
  hostname: string
  port: number
  challenge: Challenge
  verification: Verification
  /**
   * milliseconds since the Unix epoch
   */
  created_at: number
  /**
   * milliseconds since the Unix epoch
   */
  updated_at: number
}
export interface Verification {
  verified: boolean
  /**
   * milliseconds since the Unix epoch, or 0
   */
  verified_at: number
}
export interface DomainV2Envelope {
  domain: DomainV2
  _links: SelfLink
}
export interface ExtendLeasesRequest {
  /**
   * @minItems 1
   * @maxItems 1000
   *
   * Items: as a pull handed it out
   */
  receipts: string[]
  /**
   * milliseconds from now until they are available again; may be less than what was left
   */
  lease: number
}
export interface ExtendLeasesResult {
  extended: number
  /**
   * receipts of leases that were over
   */
  lost: string[]
  _links: SelfLink
}
export interface GetLedgerResult {
  ledger: Ledger
  _links: SelfLink
}
export interface Ledger {
  /**
   * milliseconds since the Unix epoch
   */
  since?: number
  /**
   * milliseconds since the Unix epoch
   */
  until?: number
  /**
   * the sum of all that follows
   */
  accepted: number
  delivered: number
  pending: number
  scheduled: number
  missed: number
  discarded: DiscardedCounts
  /**
   * has neither an end nor a next step; must be 0
   */
  unaccounted: number
  /**
   * the first 100
   */
  unaccounted_pairs: LedgerUnaccountedPair[]
  queues: LedgerQueue[]
}
export interface LedgerUnaccountedPair {
  /**
   * 21 characters of 0-9 A-Z a-z, sorted by time of creation
   */
  queue_id: string
  /**
   * 21 characters of 0-9 A-Z a-z, sorted by time of creation
   */
  message_id: string
  /**
   * 21 characters of 0-9 A-Z a-z, sorted by time of creation
   */
  listener_id: string
}
export interface LedgerQueue {
  /**
   * 21 characters of 0-9 A-Z a-z, sorted by time of creation
   */
  id: string
  name: string
  /**
   * the sum of all that follows
   */
  accepted: number
  delivered: number
  pending: number
  scheduled: number
  missed: number
  discarded: DiscardedCounts
  /**
   * has neither an end nor a next step; must be 0
   */
  unaccounted: number
  listeners: ListenerLedger[]
}
export interface ListenerLedger {
  /**
   * 21 characters of 0-9 A-Z a-z, sorted by time of creation
   */
  id: string
  name: string
  /**
   * milliseconds since the Unix epoch
   */
  deleted_at?: number
  /**
   * the sum of all that follows
   */
  accepted: number
  delivered: number
  pending: number
  scheduled: number
  missed: number
  discarded: DiscardedCounts
  /**
   * has neither an end nor a next step; must be 0
   */
  unaccounted: number
}
export interface GetLivenessResult {
  status: 'live'
}
export interface GetReadinessResult {
  status: 'ready'
}
export interface GetSchemaResult {
  /**
   * a map of property to rule
   */
  schema: {
    [k: string]: unknown
  }
  _links: SelfLink
}
export interface LastAttempt {
  /**
   * counts from 1 for each message and listener
   */
  number: number
  /**
   * milliseconds since the Unix epoch
   */
  started_at: number
  /**
   * milliseconds
   */
  duration: number
  /**
   * of the answer, where there was one
   */
  status?: number
  /**
   * why there was no answer that could be judged
   */
  error?: string
  /**
   * the first KiB of it; without an answer, what went wrong in words
   */
  response: string
}
export interface Listener {
  /**
   * 21 characters of 0-9 A-Z a-z, sorted by time of creation
   */
  id: string
  name: string
  liveness: ListenerLiveness
  messages: ListenerMessages
  notify_url: string | null
  liveness_url: string | null
  retry: RetryPolicy
  timeout: number
  max_concurrency: number
  status: ListenerStatus
  /**
   * true: nothing is sent to it until the domain of its URLs is verified
   */
  awaits_verification?: boolean
  rate_limit: RateLimit | null
  ordering: Ordering
  on_missed: OnMissed
  method: DeliveryMethod
  /**
   * false: every delivery follows its retry policy to the letter, and only a liveness_url makes the listener down
   */
  circuit_breaker: boolean
  /**
   * must be v1, v1a, or both as a list: how deliveries are signed (Standard Webhooks)
   */
  signature: SignatureVersion | SignatureVersion[]
  /**
   * with v1a: whpk_ and the base64 of the public key that verifies the signatures
   */
  public_key?: string
  /**
   * sent with each delivery; none that the server sends itself. Values are write-only: answers show ***, and *** in a change keeps the value that is stored under the name
   */
  headers: {
    [k: string]: string
  }
  auth: ListenerAuth | null
  tls: ListenerTls | null
  /**
   * which messages it gets, of those that are accepted from then on; null: all. `name`: patterns for the name of the message, in which `*` stands for any run of characters. `data`, for messages whose data is a JSON object: by dotted path a value, or an object of `$eq`, `$ne`, `$in`, `$nin`, `$gt`, `$gte`, `$lt`, `$lte`, `$exists`, `$startsWith`, `$endsWith` and `$contains`; `$or` and `$not` combine. At most 64 conditions, 8 levels and 8192 bytes
   */
  filter: {
    [k: string]: unknown
  } | null
}
/**
 * by checks of the liveness_url; without one by deliveries
 */
export interface ListenerLiveness {
  state: LivenessState
  success_count: number
  /**
   * milliseconds since the Unix epoch
   */
  last_success_at: number | null
  failure_count: number
  last_failure_status: number | null
  /**
   * milliseconds since the Unix epoch
   */
  last_failure_at: number | null
  last_failure_msg: string | null
}
export interface ListenerMessages {
  acknowledged_count: number
  /**
   * milliseconds since the Unix epoch
   */
  last_success_at: number | null
  /**
   * milliseconds since the Unix epoch
   */
  last_failure_at: number | null
  /**
   * Items: 21 characters of 0-9 A-Z a-z, sorted by time of creation
   */
  missed: string[]
  missed_count: number
  /**
   * deliveries that still wait
   */
  pending_count: number
}
export interface RetryPolicy {
  max_attempts: number
  initial_delay: number
  max_delay: number
  multiplier: number
}
export interface ListenerAttempt {
  message: MessageRef
  /**
   * counts from 1 for each message and listener
   */
  number: number
  /**
   * milliseconds since the Unix epoch
   */
  started_at: number
  /**
   * milliseconds
   */
  duration: number
  /**
   * of the answer, where there was one
   */
  status?: number
  /**
   * why there was no answer that could be judged
   */
  error?: string
  /**
   * the first KiB of it; without an answer, what went wrong in words
   */
  response: string
}
export interface ListenerAttemptList {
  attempts: ListenerAttempt[]
  _links: Links
}
export interface ListenerDelivery {
  message: MessageRef
  key?: string
  status: ListedDeliveryStatus
  /**
   * milliseconds since the Unix epoch
   */
  accepted_at: number
  attempts: number
  /**
   * milliseconds since the Unix epoch
   */
  next_attempt_at: number | null
  /**
   * milliseconds since the Unix epoch
   */
  missed_at?: number
  /**
   * why it was given up
   */
  reason?: string
  waits_for?: WaitReason
  behind?: OrderHead
  last_attempt?: LastAttempt
}
/**
 * the message that comes before it in the order
 */
export interface OrderHead {
  /**
   * 21 characters of 0-9 A-Z a-z, sorted by time of creation
   */
  message_id: string
  /**
   * it was missed, and blocks those behind it
   */
  missed: boolean
}
export interface ListenerDeliveryList {
  deliveries: ListenerDelivery[]
  _links: Links
}
export interface ListenerEnvelope {
  listener: Listener
  _links: SelfLink
}
export interface ListenerList {
  listeners: ListenerRef[]
  _embedded?: ListenerListEmbedded
  _links: Links
}
export interface ListenerRef {
  /**
   * 21 characters of 0-9 A-Z a-z, sorted by time of creation
   */
  id: string
  name: string
}
export interface ListenerListEmbedded {
  listeners: Listener[]
}
export interface ListenerRefV2 {
  /**
   * 21 characters of 0-9 A-Z a-z, sorted by time of creation
   */
  id: string
  alias: string
}
export interface ListenerV2 {
  alias: string
  /**
   * 21 characters of 0-9 A-Z a-z, sorted by time of creation
   */
  id: string
  liveness: ListenerLiveness
  messages: ListenerMessages
  notify_url: string | null
  liveness_url: string | null
  retry: RetryPolicy
  timeout: number
  max_concurrency: number
  status: ListenerStatus
  /**
   * true: nothing is sent to it until the domain of its URLs is verified
   */
  awaits_verification?: boolean
  rate_limit: RateLimit | null
  ordering: Ordering
  on_missed: OnMissed
  method: DeliveryMethod
  /**
   * false: every delivery follows its retry policy to the letter, and only a liveness_url makes the listener down
   */
  circuit_breaker: boolean
  /**
   * must be v1, v1a, or both as a list: how deliveries are signed (Standard Webhooks)
   */
  signature: SignatureVersion | SignatureVersion[]
  /**
   * with v1a: whpk_ and the base64 of the public key that verifies the signatures
   */
  public_key?: string
  /**
   * sent with each delivery; none that the server sends itself. Values are write-only: answers show ***, and *** in a change keeps the value that is stored under the name
   */
  headers: {
    [k: string]: string
  }
  auth: ListenerAuth | null
  tls: ListenerTls | null
  /**
   * which messages it gets, of those that are accepted from then on; null: all. `name`: patterns for the name of the message, in which `*` stands for any run of characters. `data`, for messages whose data is a JSON object: by dotted path a value, or an object of `$eq`, `$ne`, `$in`, `$nin`, `$gt`, `$gte`, `$lt`, `$lte`, `$exists`, `$startsWith`, `$endsWith` and `$contains`; `$or` and `$not` combine. At most 64 conditions, 8 levels and 8192 bytes
   */
  filter: {
    [k: string]: unknown
  } | null
}
export interface ListenerV2Envelope {
  listener: ListenerV2
  _links: SelfLink
}
export interface ListenerWithSecret {
  /**
   * 21 characters of 0-9 A-Z a-z, sorted by time of creation
   */
  id: string
  name: string
  liveness: ListenerLiveness
  messages: ListenerMessages
  notify_url: string | null
  liveness_url: string | null
  retry: RetryPolicy
  timeout: number
  max_concurrency: number
  status: ListenerStatus
  /**
   * true: nothing is sent to it until the domain of its URLs is verified
   */
  awaits_verification?: boolean
  rate_limit: RateLimit | null
  ordering: Ordering
  on_missed: OnMissed
  method: DeliveryMethod
  /**
   * false: every delivery follows its retry policy to the letter, and only a liveness_url makes the listener down
   */
  circuit_breaker: boolean
  /**
   * must be v1, v1a, or both as a list: how deliveries are signed (Standard Webhooks)
   */
  signature: SignatureVersion | SignatureVersion[]
  /**
   * with v1a: whpk_ and the base64 of the public key that verifies the signatures
   */
  public_key?: string
  /**
   * sent with each delivery; none that the server sends itself. Values are write-only: answers show ***, and *** in a change keeps the value that is stored under the name
   */
  headers: {
    [k: string]: string
  }
  auth: ListenerAuth | null
  tls: ListenerTls | null
  /**
   * which messages it gets, of those that are accepted from then on; null: all. `name`: patterns for the name of the message, in which `*` stands for any run of characters. `data`, for messages whose data is a JSON object: by dotted path a value, or an object of `$eq`, `$ne`, `$in`, `$nin`, `$gt`, `$gte`, `$lt`, `$lte`, `$exists`, `$startsWith`, `$endsWith` and `$contains`; `$or` and `$not` combine. At most 64 conditions, 8 levels and 8192 bytes
   */
  filter: {
    [k: string]: unknown
  } | null
  /**
   * where it was changed
   */
  secret?: string
}
export interface ListenerWithSecretEnvelope {
  listener: ListenerWithSecret
  _links: SelfLink
}
export interface ListenerWithSecretV2 {
  alias: string
  /**
   * 21 characters of 0-9 A-Z a-z, sorted by time of creation
   */
  id: string
  liveness: ListenerLiveness
  messages: ListenerMessages
  notify_url: string | null
  liveness_url: string | null
  retry: RetryPolicy
  timeout: number
  max_concurrency: number
  status: ListenerStatus
  /**
   * true: nothing is sent to it until the domain of its URLs is verified
   */
  awaits_verification?: boolean
  rate_limit: RateLimit | null
  ordering: Ordering
  on_missed: OnMissed
  method: DeliveryMethod
  /**
   * false: every delivery follows its retry policy to the letter, and only a liveness_url makes the listener down
   */
  circuit_breaker: boolean
  /**
   * must be v1, v1a, or both as a list: how deliveries are signed (Standard Webhooks)
   */
  signature: SignatureVersion | SignatureVersion[]
  /**
   * with v1a: whpk_ and the base64 of the public key that verifies the signatures
   */
  public_key?: string
  /**
   * sent with each delivery; none that the server sends itself. Values are write-only: answers show ***, and *** in a change keeps the value that is stored under the name
   */
  headers: {
    [k: string]: string
  }
  auth: ListenerAuth | null
  tls: ListenerTls | null
  /**
   * which messages it gets, of those that are accepted from then on; null: all. `name`: patterns for the name of the message, in which `*` stands for any run of characters. `data`, for messages whose data is a JSON object: by dotted path a value, or an object of `$eq`, `$ne`, `$in`, `$nin`, `$gt`, `$gte`, `$lt`, `$lte`, `$exists`, `$startsWith`, `$endsWith` and `$contains`; `$or` and `$not` combine. At most 64 conditions, 8 levels and 8192 bytes
   */
  filter: {
    [k: string]: unknown
  } | null
  /**
   * where it was changed
   */
  secret?: string
}
export interface ListenerWithSecretV2Envelope {
  listener: ListenerWithSecretV2
  _links: SelfLink
}
export interface LivenessChange {
  /**
   * milliseconds since the Unix epoch
   */
  at: number
  from: LivenessState
  state: LivenessState
  /**
   * what had gone wrong
   */
  message?: string
}
export interface LivenessChangeList {
  changes: LivenessChange[]
  _links: Links
}
export interface Message {
  /**
   * 21 characters of 0-9 A-Z a-z, sorted by time of creation
   */
  id: string
  /**
   * its id where it was given none
   */
  name: string
  key?: string
  /**
   * unless it is bytes
   */
  data?: string
  /**
   * of bytes
   */
  data_base64?: string
  /**
   * where one was given, and of bytes
   */
  content_type?: string
  /**
   * sent with each delivery: at most 16, of at most 4,096 characters in all; none that the server sends itself, and of a name that the listener sets as well its own is sent
   */
  headers?: {
    [k: string]: string
  }
  /**
   * milliseconds since the Unix epoch
   */
  created_at: number
  /**
   * milliseconds since the Unix epoch
   */
  deliver_at: number
  /**
   * milliseconds since the Unix epoch
   */
  expires_at?: number
  status: MessageStatus
  deliveries: MessageDelivery[]
  /**
   * where one message is read: the listeners that were there and do not get it; none where it is left out
   */
  left_out?: MessageLeftOut[]
}
export interface MessageDelivery {
  /**
   * 21 characters of 0-9 A-Z a-z, sorted by time of creation
   */
  listener_id: string
  status: DeliveryStatus
  attempts: number
  /**
   * milliseconds since the Unix epoch
   */
  last_attempt_at: number | null
  /**
   * milliseconds since the Unix epoch
   */
  next_attempt_at: number | null
}
export interface MessageLeftOut {
  /**
   * 21 characters of 0-9 A-Z a-z, sorted by time of creation
   */
  listener_id: string
  reason: LeftOutReason
  /**
   * what the message is not that the filter asks for, as a JSON pointer into it; only while the filter is the one by which it was left out
   */
  failed?: string
}
export interface MessageEnvelope {
  message: Message
  _links: SelfLink
}
export interface MessageList {
  messages: MessageRef[]
  _embedded?: MessageListEmbedded
  _links: Links
}
export interface MessageListEmbedded {
  messages: Message[]
}
export interface MessageStats {
  aggregated_api_usage_events: MessageStatsWindows
  series?: MessageStatsPeriod[]
  queues?: MessageStatsQueue[]
  listeners?: MessageStatsListener[]
  _links: SelfLink
}
export interface MessageStatsWindows {
  last_24_hours: UsageCounts
  last_1_hours: UsageCounts
  today_so_far: UsageCounts
}
export interface UsageCounts {
  api_key_added: number
  api_key_updated: number
  api_key_deleted: number
  queue_added: number
  queue_updated: number
  queue_deleted: number
  listener_added: number
  listener_updated: number
  listener_deleted: number
  message_added: number
  message_published_ok: number
  message_published_not_ok: number
}
export interface MessageStatsPeriod {
  /**
   * milliseconds since the Unix epoch
   */
  start: number
  counts: UsageCounts
  delivery_latency: DeliveryLatency
}
export interface MessageStatsQueue {
  /**
   * 21 characters of 0-9 A-Z a-z, sorted by time of creation
   */
  id: string
  name: string
  delivery_latency: DeliveryLatency
  counts: MessageStatsQueueCounts
}
export interface MessageStatsQueueCounts {
  queue_added: number
  queue_updated: number
  queue_deleted: number
  listener_added: number
  listener_updated: number
  listener_deleted: number
  message_added: number
  message_published_ok: number
  message_published_not_ok: number
}
export interface MessageStatsListener {
  /**
   * 21 characters of 0-9 A-Z a-z, sorted by time of creation
   */
  id: string
  name: string
  delivery_latency: DeliveryLatency
  /**
   * 21 characters of 0-9 A-Z a-z, sorted by time of creation
   */
  queue_id: string
  counts: MessageStatsListenerCounts
}
export interface MessageStatsListenerCounts {
  listener_added: number
  listener_updated: number
  listener_deleted: number
  message_published_ok: number
  message_published_not_ok: number
}
export interface NotReady {
  status: 'not ready'
  reason?: string
}
export interface PreviewScheduleRequestCron {
  /**
   * 5 fields (minute, hour, day of month, month, day of week), or 6 with the second before them, or @yearly, @annually, @monthly, @weekly, @daily, @midnight, @hourly; CRON_TZ=Europe/Berlin before them sets timezone
   */
  cron: string
  /**
   * of cron and of a calendar period: the name of an IANA time zone; UTC unless told
   */
  timezone?: string
  /**
   * no due time lies before; inclusive
   */
  starts_at?: number | null
  /**
   * no due time lies behind; inclusive
   */
  ends_at?: number | null
}
export interface PreviewScheduleRequestEvery {
  /**
   * milliseconds, or a calendar period of at least one day in timezone (ISO 8601, such as P2W, P1M or P1Y6M); counted from starts_at, at which a period begins, or else from its creation
   */
  every: number | string
  /**
   * of cron and of a calendar period: the name of an IANA time zone; UTC unless told
   */
  timezone?: string
  /**
   * no due time lies before; inclusive
   */
  starts_at?: number | null
  /**
   * no due time lies behind; inclusive
   */
  ends_at?: number | null
}
export interface PreviewScheduleRequestAt {
  /**
   * once, in milliseconds since the Unix epoch
   */
  at: number
  /**
   * of cron and of a calendar period: the name of an IANA time zone; UTC unless told
   */
  timezone?: string
  /**
   * no due time lies before; inclusive
   */
  starts_at?: number | null
  /**
   * no due time lies behind; inclusive
   */
  ends_at?: number | null
}
export interface PreviewScheduleResult {
  /**
   * when it would be due, in English
   */
  words: string
  /**
   * the next ten due times; fewer where it ends
   *
   * Items: milliseconds since the Unix epoch
   */
  next_runs: number[]
  _links: SelfLink
}
export interface Problem {
  /**
   * the reason phrase of the status
   */
  title: string
  status: number
  detail?: string
  errors?: ProblemError[]
}
export interface ProblemError {
  /**
   * a JSON pointer into the body, or the name of a parameter or header
   */
  path: string
  message: string
}
export interface PullMessagesRequest {
  /**
   * messages at most; 1 unless told
   */
  max?: number
  /**
   * milliseconds to wait where there is no message; 0 unless told
   */
  wait?: number
  /**
   * milliseconds until they are available again; 30000 unless told
   */
  lease?: number
}
export interface PullMessagesResult {
  messages: PulledMessage[]
  _links: SelfLink
}
export interface PulledMessage {
  /**
   * 21 characters of 0-9 A-Z a-z, sorted by time of creation
   */
  id: string
  /**
   * its id where it was given none
   */
  name: string
  /**
   * unless it is bytes
   */
  data?: string
  /**
   * of bytes
   */
  data_base64?: string
  /**
   * where one was given, and of bytes
   */
  content_type?: string
  /**
   * those of the message
   */
  headers?: {
    [k: string]: string
  }
  /**
   * for ack, nack and extend; worth something until the lease ends
   */
  receipt: string
  /**
   * which one this is, from 1
   */
  attempt: number
  /**
   * counts the messages of a listener that has an order
   */
  sequence?: number
}
export interface Queue {
  /**
   * 21 characters of 0-9 A-Z a-z, sorted by time of creation
   */
  id: string
  name: string
  /**
   * a map of property to rule
   */
  schema?: {
    [k: string]: unknown
  }
  listeners: ListenerRef[]
  /**
   * milliseconds since the Unix epoch
   */
  created_at: number
  /**
   * milliseconds since the Unix epoch
   */
  updated_at: number
  /**
   * messages are stored, and none is delivered until this is false
   */
  paused: boolean
  /**
   * deliveries that are neither acknowledged nor missed
   */
  pending_count: number
}
export interface QueueEnvelope {
  queue: Queue
  _links: Links
}
export interface QueueList {
  queues: QueueRef[]
  _embedded?: QueueListEmbedded
  _links: Links
}
export interface QueueRef {
  /**
   * 21 characters of 0-9 A-Z a-z, sorted by time of creation
   */
  id: string
  name: string
}
export interface QueueListEmbedded {
  queues: Queue[]
}
export interface QueueV2 {
  alias: string
  /**
   * 21 characters of 0-9 A-Z a-z, sorted by time of creation
   */
  id: string
  /**
   * a map of property to rule
   */
  schema?: {
    [k: string]: unknown
  }
  /**
   * milliseconds since the Unix epoch
   */
  created_at: number
  /**
   * milliseconds since the Unix epoch
   */
  updated_at: number
  /**
   * messages are stored, and none is delivered until this is false
   */
  paused: boolean
  /**
   * deliveries that are neither acknowledged nor missed
   */
  pending_count: number
  listeners: ListenerRefV2[]
}
export interface QueueV2Envelope {
  queue: QueueV2
  _links: SelfLink
}
export interface RedeliverMessageRequest {
  /**
   * must be an array of 1 to 1000 ids; all listeners that it was accepted for where left out
   *
   * @minItems 1
   * @maxItems 1000
   */
  listener_ids?: string[]
  /**
   * whether what is scheduled, or waits for its next attempt, becomes due at once; else it keeps its time
   */
  now?: boolean
}
export interface Redelivery {
  /**
   * 21 characters of 0-9 A-Z a-z, sorted by time of creation
   */
  id: string
  /**
   * deliveries that were begun anew so far
   */
  matched: number
  /**
   * whether all were looked at
   */
  done: boolean
  /**
   * milliseconds since the Unix epoch
   */
  since?: number
  /**
   * milliseconds since the Unix epoch
   */
  until?: number
  /**
   * pending, delivered, missed or all
   */
  status: string
  /**
   * whether what was not due yet becomes due at once
   */
  now: boolean
  /**
   * milliseconds since the Unix epoch
   */
  created_at: number
}
export interface RedeliveryEnvelope {
  redelivery: Redelivery
  _links: SelfLink
}
export interface ReturnMessagesRequest {
  /**
   * @minItems 1
   * @maxItems 1000
   *
   * Items: as a pull handed it out
   */
  receipts: string[]
  /**
   * milliseconds; unless told, what the retry policy says
   */
  delay?: number
}
export interface ReturnMessagesResult {
  returned: number
  /**
   * receipts of leases that were over
   */
  lost: string[]
  _links: SelfLink
}
export interface RunScheduleResult {
  message: MessageRef
  _links: SelfLink
}
export interface Schedule {
  /**
   * 21 characters of 0-9 A-Z a-z, sorted by time of creation
   */
  id: string
  name: string
  /**
   * 21 characters of 0-9 A-Z a-z, sorted by time of creation
   */
  queue_id: string
  cron?: string
  every?: number | string
  /**
   * milliseconds since the Unix epoch
   */
  at?: number
  timezone: string
  /**
   * unless it is bytes
   */
  data?: string
  /**
   * of bytes
   */
  data_base64?: string
  /**
   * where one was given, and of bytes
   */
  content_type?: string
  message_name: string | null
  key: string | null
  headers: {
    [k: string]: string
  } | null
  expires_in: number | null
  /**
   * milliseconds since the Unix epoch
   */
  starts_at: number | null
  /**
   * milliseconds since the Unix epoch
   */
  ends_at: number | null
  paused: boolean
  catch_up: CatchUp
  overlap: Overlap
  jitter: number
  /**
   * milliseconds since the Unix epoch
   */
  created_at: number
  /**
   * milliseconds since the Unix epoch
   */
  updated_at: number
  /**
   * the next five due times; with jitter, they run up to so much later
   *
   * Items: milliseconds since the Unix epoch
   */
  next_runs: number[]
  /**
   * milliseconds since the Unix epoch
   */
  last_run_at: number | null
  last_message_id: string | null
  run_count: number
  /**
   * why this server cannot read it; it makes no messages
   */
  error?: string
}
export interface ScheduleEnvelope {
  schedule: Schedule
  _links: SelfLink
}
export interface ScheduleList {
  schedules: ScheduleRef[]
  _embedded?: ScheduleListEmbedded
  _links: Links
}
export interface ScheduleRef {
  /**
   * 21 characters of 0-9 A-Z a-z, sorted by time of creation
   */
  id: string
  name: string
}
export interface ScheduleListEmbedded {
  schedules: Schedule[]
}
export interface ScheduleRun {
  /**
   * milliseconds since the Unix epoch
   */
  due_at: number
  /**
   * milliseconds since the Unix epoch
   */
  ran_at: number
  message_id: string | null
  /**
   * why it made no message
   */
  error?: string
  skipped?: SkippedRuns
}
/**
 * due times that were passed over together, and why; due_at is the last
 */
export interface SkippedRuns {
  count: number
  /**
   * milliseconds since the Unix epoch
   */
  first: number
  /**
   * milliseconds since the Unix epoch
   */
  last: number
  reason: string
}
export interface ScheduleRunList {
  runs: ScheduleRun[]
  _links: Links
}
export interface UpdateApiClientRequest {
  /**
   * 1 to 128 characters of A-Z a-z 0-9 . _ / -, at least one of them a letter or digit
   */
  name?: string
  status?: 'active' | 'frozen'
  limits?: LimitsChange
  id?: {
    [k: string]: unknown
  }
  created_at?: {
    [k: string]: unknown
  }
  updated_at?: {
    [k: string]: unknown
  }
  root?: {
    [k: string]: unknown
  }
}
export interface UpdateApiKeyRequest {
  /**
   * 1 to 128 characters of A-Z a-z 0-9 . _ / -, at least one of them a letter or digit
   */
  name?: string
  status?: 'enabled' | 'disabled'
  /**
   * @maxItems 100
   */
  scopes?: NewScope[]
  id?: {
    [k: string]: unknown
  }
  created_at?: {
    [k: string]: unknown
  }
  updated_at?: {
    [k: string]: unknown
  }
  last_used_at?: {
    [k: string]: unknown
  }
  key?: {
    [k: string]: unknown
  }
  owner?: {
    [k: string]: unknown
  }
}
export interface UpdateApiKeyV2Request {
  status?: 'enabled' | 'disabled'
  scopes?: NewScopesV2
  id?: {
    [k: string]: unknown
  }
  created_at?: {
    [k: string]: unknown
  }
  updated_at?: {
    [k: string]: unknown
  }
  last_used_at?: {
    [k: string]: unknown
  }
  key?: {
    [k: string]: unknown
  }
  owner?: {
    [k: string]: unknown
  }
  /**
   * as where one is created, or the one that it has
   */
  alias?: string
}
export interface UpdateDomainRequest {
  /**
   * 1 to 128 characters of A-Z a-z 0-9 . _ / -, at least one of them a letter or digit
   */
  name?: string
  /**
   * the name of a host, without scheme, port or path
   */
  hostname?: string
  /**
   * of HTTPS; 443 unless told
   */
  port?: number
  id?: {
    [k: string]: unknown
  }
  status?: {
    [k: string]: unknown
  }
  verified_at?: {
    [k: string]: unknown
  }
  verified_until?: {
    [k: string]: unknown
  }
  https?: {
    [k: string]: unknown
  }
  created_at?: {
    [k: string]: unknown
  }
  updated_at?: {
    [k: string]: unknown
  }
}
export interface UpdateDomainV2Request {
  /**
   * as where one is created, or the one that it has
   */
  alias?: string
  /**
   * the name of a host, without scheme, port or path
   */
  hostname?: string
  /**
   * must be 80, 443, or from 1024 to 65535
   */
  port?: number
  id?: {
    [k: string]: unknown
  }
  challenge?: {
    [k: string]: unknown
  }
  verification?: {
    [k: string]: unknown
  }
  created_at?: {
    [k: string]: unknown
  }
  updated_at?: {
    [k: string]: unknown
  }
}
export interface UpdateListenerRequest {
  /**
   * 1 to 128 characters of A-Z a-z 0-9 . _ / -, at least one of them a letter or digit
   */
  name?: string
  /**
   * an absolute http or https URL without credentials; without one (or null) nothing is sent: messages wait to be pulled
   */
  notify_url?: string | null
  /**
   * an absolute http or https URL without credentials; asked with GET about every 30 s, and while that fails nothing is delivered
   */
  liveness_url?: string | null
  retry?: RetryChange
  /**
   * milliseconds
   */
  timeout?: number
  max_concurrency?: number
  status?: ListenerStatus
  rate_limit?: RateLimit | null
  ordering?: Ordering
  on_missed?: OnMissed
  method?: DeliveryMethod
  /**
   * false: every delivery follows its retry policy to the letter, and only a liveness_url makes the listener down
   */
  circuit_breaker?: boolean
  /**
   * must be v1, v1a, or both as a list: how deliveries are signed (Standard Webhooks)
   */
  signature?: SignatureVersion | SignatureVersion[]
  /**
   * sent with each delivery; none that the server sends itself. Values are write-only: answers show ***, and *** in a change keeps the value that is stored under the name
   */
  headers?: {
    [k: string]: string
  }
  auth?: ListenerAuth | null
  tls?: ListenerTls | null
  /**
   * which messages it gets, of those that are accepted from then on; null: all. `name`: patterns for the name of the message, in which `*` stands for any run of characters. `data`, for messages whose data is a JSON object: by dotted path a value, or an object of `$eq`, `$ne`, `$in`, `$nin`, `$gt`, `$gte`, `$lt`, `$lte`, `$exists`, `$startsWith`, `$endsWith` and `$contains`; `$or` and `$not` combine. At most 64 conditions, 8 levels and 8192 bytes
   */
  filter?: {
    [k: string]: unknown
  } | null
  secret?: string
  private_key?: string
  id?: {
    [k: string]: unknown
  }
  public_key?: {
    [k: string]: unknown
  }
  awaits_verification?: {
    [k: string]: unknown
  }
  liveness?: {
    [k: string]: unknown
  }
  messages?: {
    [k: string]: unknown
  }
}
export interface UpdateListenerV2Request {
  /**
   * as where one is created, or the one that it has
   */
  alias?: string
  /**
   * an absolute http or https URL without credentials; without one (or null) nothing is sent: messages wait to be pulled
   */
  notify_url?: string | null
  /**
   * an absolute http or https URL without credentials; asked with GET about every 30 s, and while that fails nothing is delivered
   */
  liveness_url?: string | null
  retry?: RetryChange
  /**
   * milliseconds
   */
  timeout?: number
  max_concurrency?: number
  status?: ListenerStatus
  rate_limit?: RateLimit | null
  ordering?: Ordering
  on_missed?: OnMissed
  method?: DeliveryMethod
  /**
   * false: every delivery follows its retry policy to the letter, and only a liveness_url makes the listener down
   */
  circuit_breaker?: boolean
  /**
   * must be v1, v1a, or both as a list: how deliveries are signed (Standard Webhooks)
   */
  signature?: SignatureVersion | SignatureVersion[]
  /**
   * sent with each delivery; none that the server sends itself. Values are write-only: answers show ***, and *** in a change keeps the value that is stored under the name
   */
  headers?: {
    [k: string]: string
  }
  auth?: ListenerAuth | null
  tls?: ListenerTls | null
  /**
   * which messages it gets, of those that are accepted from then on; null: all. `name`: patterns for the name of the message, in which `*` stands for any run of characters. `data`, for messages whose data is a JSON object: by dotted path a value, or an object of `$eq`, `$ne`, `$in`, `$nin`, `$gt`, `$gte`, `$lt`, `$lte`, `$exists`, `$startsWith`, `$endsWith` and `$contains`; `$or` and `$not` combine. At most 64 conditions, 8 levels and 8192 bytes
   */
  filter?: {
    [k: string]: unknown
  } | null
  secret?: string
  private_key?: string
  id?: {
    [k: string]: unknown
  }
  public_key?: {
    [k: string]: unknown
  }
  awaits_verification?: {
    [k: string]: unknown
  }
  liveness?: {
    [k: string]: unknown
  }
  messages?: {
    [k: string]: unknown
  }
}
export interface UpdateMessageRequest {
  /**
   * 1 to 128 characters of A-Z a-z 0-9 . _ / -, at least one of them a letter or digit
   */
  name?: string
  /**
   * when to deliver it, in milliseconds since the Unix epoch; a time that is over means now, one below 10^12 is refused as seconds
   */
  deliver_at?: number
  id?: {
    [k: string]: unknown
  }
  key?: {
    [k: string]: unknown
  }
  data?: {
    [k: string]: unknown
  }
  data_base64?: {
    [k: string]: unknown
  }
  content_type?: {
    [k: string]: unknown
  }
  headers?: {
    [k: string]: unknown
  }
  created_at?: {
    [k: string]: unknown
  }
  expires_at?: {
    [k: string]: unknown
  }
  status?: {
    [k: string]: unknown
  }
  deliveries?: {
    [k: string]: unknown
  }
  left_out?: {
    [k: string]: unknown
  }
}
export interface UpdateQueueRequest {
  /**
   * 1 to 128 characters of A-Z a-z 0-9 . _ / -, at least one of them a letter or digit
   */
  name?: string
  /**
   * a map of property to rule, or null for none
   */
  schema?: {
    [k: string]: unknown
  }
  /**
   * messages are stored, and none is delivered until this is false
   */
  paused?: boolean
  id?: {
    [k: string]: unknown
  }
  listeners?: {
    [k: string]: unknown
  }
  created_at?: {
    [k: string]: unknown
  }
  updated_at?: {
    [k: string]: unknown
  }
  pending_count?: {
    [k: string]: unknown
  }
}
export interface UpdateQueueV2Request {
  /**
   * as where one is created, or the one that it has
   */
  alias?: string
  /**
   * a map of property to rule, or null for none
   */
  schema?: {
    [k: string]: unknown
  }
  /**
   * messages are stored, and none is delivered until this is false
   */
  paused?: boolean
  id?: {
    [k: string]: unknown
  }
  listeners?: {
    [k: string]: unknown
  }
  created_at?: {
    [k: string]: unknown
  }
  updated_at?: {
    [k: string]: unknown
  }
  pending_count?: {
    [k: string]: unknown
  }
}
export interface UpdateScheduleRequest {
  /**
   * 1 to 128 characters of A-Z a-z 0-9 . _ / -, at least one of them a letter or digit
   */
  name?: string
  /**
   * of each message: at most 256 KiB of UTF-8; required unless data_base64 is there
   */
  data?: string
  /**
   * bytes that are no text, in place of data: base64 with padding, of at most 256 KiB; listeners are sent the bytes. Not for a queue that has a schema
   */
  data_base64?: string
  /**
   * 5 fields (minute, hour, day of month, month, day of week), or 6 with the second before them, or @yearly, @annually, @monthly, @weekly, @daily, @midnight, @hourly; CRON_TZ=Europe/Berlin before them sets timezone
   */
  cron?: string | null
  /**
   * milliseconds, or a calendar period of at least one day in timezone (ISO 8601, such as P2W, P1M or P1Y6M); counted from starts_at, at which a period begins, or else from its creation
   */
  every?: number | string | null
  /**
   * once, in milliseconds since the Unix epoch
   */
  at?: number | null
  /**
   * of cron and of a calendar period: the name of an IANA time zone; UTC unless told
   */
  timezone?: string
  /**
   * the Content-Type that it is delivered with: a media type (RFC 9110, 8.3.1). Unless told, application/json where data is JSON, else text/plain; application/octet-stream for data_base64
   */
  content_type?: string | null
  /**
   * the name of each message
   */
  message_name?: string | null
  /**
   * the key of each message, 1 to 128 characters; listeners with ordering by key go by it
   */
  key?: string | null
  /**
   * sent with each delivery: at most 16, of at most 4,096 characters in all; none that the server sends itself, and of a name that the listener sets as well its own is sent
   */
  headers?: {
    [k: string]: string
  } | null
  /**
   * milliseconds after it is made, in which each message is delivered or expires
   */
  expires_in?: number | null
  /**
   * no due time lies before; inclusive
   */
  starts_at?: number | null
  /**
   * no due time lies behind; inclusive
   */
  ends_at?: number | null
  /**
   * a pause skips what falls into it
   */
  paused?: boolean
  catch_up?: CatchUp
  overlap?: Overlap
  /**
   * milliseconds by which each due time is run later, at most: another number for each schedule and due time, and the same whenever it is worked out; at most half of the shortest time between two due times
   */
  jitter?: number
  id?: {
    [k: string]: unknown
  }
  queue_id?: {
    [k: string]: unknown
  }
  created_at?: {
    [k: string]: unknown
  }
  updated_at?: {
    [k: string]: unknown
  }
  next_runs?: {
    [k: string]: unknown
  }
  last_run_at?: {
    [k: string]: unknown
  }
  last_message_id?: {
    [k: string]: unknown
  }
  run_count?: {
    [k: string]: unknown
  }
  error?: {
    [k: string]: unknown
  }
}
export interface UsageEvent {
  /**
   * 21 characters of 0-9 A-Z a-z, sorted by time of creation
   */
  id: string
  type: UsageEventType
  /**
   * milliseconds since the Unix epoch
   */
  stored_at: number
  client: UsageEventClient
  api_key?: ApiKeyRef
  queue?: QueueRef
  listener?: ListenerRef
  message?: MessageRef
  /**
   * why, where the server did it by itself
   */
  reason?: string
}
export interface UsageEventClient {
  /**
   * 21 characters of 0-9 A-Z a-z, sorted by time of creation
   */
  id: string
}
export interface UsageEventList {
  events: UsageEvent[]
  _links: Links
}
