import { type Static, Type } from 'typebox'
import {
  DEFAULT_SETTINGS,
  DELIVERY_METHODS,
  LISTENER_STATUSES,
  MAX_CONCURRENCY,
  MAX_RATE_PER_MS,
  MAX_RATE_REQUESTS,
  MAX_TIMEOUT_MS,
  MIN_RATE_PER_MS,
  MIN_TIMEOUT_MS,
  ON_MISSED,
  ORDERINGS,
  SIGNATURE_VERSIONS,
} from '../../../core/delivery/listener.ts'
import { LIVENESS_STATES } from '../../../core/delivery/liveness.ts'
import { MAX_RETRY_DELAY_MS, MIN_RETRY_DELAY_MS } from '../../../core/delivery/retry-policy.ts'
import { MAX_CONDITIONS, MAX_FILTER_BYTES, MAX_LEVELS } from '../../../core/listener-filter/filter.ts'
import { EXAMPLE_PUBLIC_KEY } from '../../openapi/examples.ts'
import { Id, Name, NullableInteger, NullableText, NullableTime, readOnly, strict } from '../../present/schemas.ts'
import { NullableAuth } from './listener-auth-form.ts'
import { NullableTls } from './listener-tls-form.ts'

const MAX_ATTEMPTS = 100
const MAX_MULTIPLIER = 100

const URL_RULE = 'an absolute http or https URL without credentials'
const Url = Type.String({
  format: 'target',
  description: URL_RULE,
  examples: ['https://shop.example.com/orders'],
})
const NullableUrl = Type.Unsafe<string | null>({ ...Url, type: ['string', 'null'] })
const NotifyUrl = Type.Unsafe<string | null>({
  ...NullableUrl,
  description: `${URL_RULE}; without one (or null) nothing is sent: messages wait to be pulled`,
})
const LivenessUrl = Type.Unsafe<string | null>({
  ...NullableUrl,
  description: `${URL_RULE}; asked with GET about every 30 s, and while that fails nothing is delivered`,
})
const Delay = Type.Integer({
  minimum: MIN_RETRY_DELAY_MS,
  maximum: MAX_RETRY_DELAY_MS,
  description: 'milliseconds',
  examples: [60_000],
})
const Retry = strict(
  {
    max_attempts: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_ATTEMPTS, examples: [16] })),
    initial_delay: Type.Optional(Delay),
    max_delay: Type.Optional(Delay),
    multiplier: Type.Optional(Type.Number({ minimum: 1, maximum: MAX_MULTIPLIER, examples: [4] })),
  },
  { title: 'RetryChange' },
)
const Rate = strict(
  {
    requests: Type.Integer({ minimum: 1, maximum: MAX_RATE_REQUESTS, examples: [100] }),
    per: Type.Integer({
      minimum: MIN_RATE_PER_MS,
      maximum: MAX_RATE_PER_MS,
      description: 'milliseconds',
      examples: [1_000],
    }),
  },
  { title: 'RateLimit' },
)
const NullableRate = Type.Unsafe<Static<typeof Rate> | null>({ ...Rate, type: ['object', 'null'] })
const Status = Type.Enum([...LISTENER_STATUSES], {
  title: 'ListenerStatus',
  description: 'disabled: messages are stored, none is delivered',
})
const Ordering = Type.Enum([...ORDERINGS], {
  title: 'Ordering',
  description: 'deliver in the order of acceptance: within the queue, or among messages of one key',
})
const OnMissed = Type.Enum([...ON_MISSED], {
  title: 'OnMissed',
  description: 'what follows a missed message where the order counts',
})
const Method = Type.Enum([...DELIVERY_METHODS], {
  title: 'DeliveryMethod',
  description: 'how a delivery is sent; GET carries no body, and its signature is that of an empty one',
})
const Version = Type.Enum([...SIGNATURE_VERSIONS], {
  title: 'SignatureVersion',
  description: 'v1: HMAC-SHA256 with a shared secret; v1a: Ed25519, which receivers verify by the public key alone',
})
const SIGNATURE_RULE = 'v1, v1a, or both as a list: how deliveries are signed (Standard Webhooks)'
const Signature = Type.Union([Version, Type.Array(Version, { minItems: 1, maxItems: SIGNATURE_VERSIONS.length })], {
  description: `must be ${SIGNATURE_RULE}`,
  examples: [['v1', 'v1a']],
})
export const PublicKey = Type.String({
  description: 'with v1a: whpk_ and the base64 of the public key that verifies the signatures',
  examples: [EXAMPLE_PUBLIC_KEY],
})
const CircuitBreaker = Type.Boolean({
  description:
    'false: every delivery follows its retry policy to the letter, and only a liveness_url makes the listener down',
})
const Headers = Type.Unsafe<Record<string, string>>(
  Type.Object(
    {},
    {
      additionalProperties: Type.String(),
      description:
        'sent with each delivery; none that the server sends itself. Values are write-only: answers show ***, and *** in a ' +
        'change keeps the value that is stored under the name',
      examples: [{ 'x-tenant': 'shop' }],
    },
  ),
)
const Filter = Type.Unsafe<object | null>({
  type: ['object', 'null'],
  additionalProperties: true,
  description:
    'which messages it gets, of those that are accepted from then on; null: all. `name`: patterns for the name of the message, ' +
    'in which `*` stands for any run of characters. `data`, for messages whose data is a JSON object: by dotted path a value, or ' +
    'an object of `$eq`, `$ne`, `$in`, `$nin`, `$gt`, `$gte`, `$lt`, `$lte`, `$exists`, `$startsWith`, `$endsWith` and ' +
    `\`$contains\`; \`$or\` and \`$not\` combine. At most ${MAX_CONDITIONS} conditions, ${MAX_LEVELS} levels and ${MAX_FILTER_BYTES} bytes`,
  examples: [{ name: ['orders.*'], data: { 'total.amount': { $gt: 100 } } }],
})
const defaultRetry = DEFAULT_SETTINGS.retry
/** What a listener has besides its name and URLs, where it is made or changed. */
export const settings = {
  retry: Type.Optional(Retry),
  timeout: Type.Optional(
    Type.Integer({ minimum: MIN_TIMEOUT_MS, maximum: MAX_TIMEOUT_MS, description: 'milliseconds', examples: [15_000] }),
  ),
  max_concurrency: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_CONCURRENCY, examples: [64] })),
  status: Type.Optional(Status),
  rate_limit: Type.Optional(NullableRate),
  ordering: Type.Optional(Ordering),
  on_missed: Type.Optional(OnMissed),
  method: Type.Optional(Method),
  circuit_breaker: Type.Optional(CircuitBreaker),
  signature: Type.Optional(Signature),
  headers: Type.Optional(Headers),
  auth: Type.Optional(NullableAuth),
  tls: Type.Optional(NullableTls),
  filter: Type.Optional(Filter),
}

/** What creates a listener. */
export const NewListener = strict({
  name: Name,
  notify_url: Type.Optional(NotifyUrl),
  liveness_url: Type.Optional(LivenessUrl),
  ...settings,
  secret: Type.Optional(Type.String({ format: 'secret' })),
  private_key: Type.Optional(Type.String({ format: 'private-key' })),
})

/** What changes one; `secret: "rotate"` has a new one made. */
export const ListenerChange = strict({
  name: Type.Optional(Name),
  notify_url: Type.Optional(NotifyUrl),
  liveness_url: Type.Optional(LivenessUrl),
  ...settings,
  secret: Type.Optional(Type.String({ format: 'secret-or-rotate' })),
  private_key: Type.Optional(Type.String({ format: 'private-key-or-rotate' })),
  ...readOnly('id', 'public_key', 'awaits_verification', 'liveness', 'messages'),
})

/** The full form. */
export const Listener = Type.Object(
  {
    id: Id,
    name: Type.String(),
    liveness: Type.Object(
      {
        state: Type.Enum([...LIVENESS_STATES], { title: 'LivenessState' }),
        success_count: Type.Integer(),
        last_success_at: NullableTime,
        failure_count: Type.Integer(),
        last_failure_status: NullableInteger,
        last_failure_at: NullableTime,
        last_failure_msg: NullableText,
      },
      { title: 'ListenerLiveness', description: 'by checks of the liveness_url; without one by deliveries' },
    ),
    messages: Type.Object(
      {
        acknowledged_count: Type.Integer(),
        last_success_at: NullableTime,
        last_failure_at: NullableTime,
        missed: Type.Array(Id),
        missed_count: Type.Integer(),
        pending_count: Type.Integer({ description: 'deliveries that still wait' }),
      },
      { title: 'ListenerMessages' },
    ),
    notify_url: Type.Unsafe<string | null>({ ...NullableText, examples: ['https://shop.example.com/orders'] }),
    liveness_url: NullableText,
    retry: Type.Object(
      {
        max_attempts: Type.Integer({ examples: [defaultRetry.maxAttempts] }),
        initial_delay: Type.Integer({ examples: [defaultRetry.initialDelayMs] }),
        max_delay: Type.Integer({ examples: [defaultRetry.maxDelayMs] }),
        multiplier: Type.Number({ examples: [defaultRetry.multiplier] }),
      },
      { title: 'RetryPolicy' },
    ),
    timeout: Type.Integer({ examples: [DEFAULT_SETTINGS.timeoutMs] }),
    max_concurrency: Type.Integer({ examples: [DEFAULT_SETTINGS.maxConcurrency] }),
    status: Status,
    awaits_verification: Type.Optional(
      Type.Boolean({ description: 'true: nothing is sent to it until the domain of its URLs is verified' }),
    ),
    rate_limit: NullableRate,
    ordering: Ordering,
    on_missed: OnMissed,
    method: Method,
    circuit_breaker: CircuitBreaker,
    signature: Signature,
    public_key: Type.Optional(PublicKey),
    headers: Headers,
    auth: NullableAuth,
    tls: NullableTls,
    filter: Filter,
  },
  { title: 'Listener' },
)
