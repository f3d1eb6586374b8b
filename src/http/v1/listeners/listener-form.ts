import { type Static, Type } from 'typebox'
import type { ListenerChange as ListenerUpdate, NewListener as New } from '../../../app/listeners.ts'
import {
  DEFAULT_SETTINGS,
  LISTENER_STATUSES,
  MAX_CONCURRENCY,
  MAX_RATE_PER_MS,
  MAX_RATE_REQUESTS,
  MAX_TIMEOUT_MS,
  MIN_RATE_PER_MS,
  MIN_TIMEOUT_MS,
  ON_MISSED,
  ORDERINGS,
  type SettingsChange,
} from '../../../core/delivery/listener.ts'
import type { HeadersChange } from '../../../core/delivery/listener-headers.ts'
import { LIVENESS_STATES } from '../../../core/delivery/liveness.ts'
import { MAX_RETRY_DELAY_MS, MIN_RETRY_DELAY_MS } from '../../../core/delivery/retry-policy.ts'
import type { ListenerDetails } from '../../../store/listeners.ts'
import { paths } from '../../present/links.ts'
import { Id, Name, NullableInteger, NullableText, NullableTime, readOnly, strict } from '../../present/schemas.ts'

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
const defaultRetry = DEFAULT_SETTINGS.retry
const settings = {
  retry: Type.Optional(Retry),
  timeout: Type.Optional(
    Type.Integer({ minimum: MIN_TIMEOUT_MS, maximum: MAX_TIMEOUT_MS, description: 'milliseconds', examples: [15_000] }),
  ),
  max_concurrency: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_CONCURRENCY, examples: [64] })),
  status: Type.Optional(Status),
  rate_limit: Type.Optional(NullableRate),
  ordering: Type.Optional(Ordering),
  on_missed: Type.Optional(OnMissed),
  headers: Type.Optional(Headers),
}

/** What creates a listener. */
export const NewListener = strict({
  name: Name,
  notify_url: Type.Optional(NotifyUrl),
  liveness_url: Type.Optional(LivenessUrl),
  ...settings,
  secret: Type.Optional(Type.String({ format: 'secret' })),
})

/** What changes one; `secret: "rotate"` has a new one made. */
export const ListenerChange = strict({
  name: Type.Optional(Name),
  notify_url: Type.Optional(NotifyUrl),
  liveness_url: Type.Optional(LivenessUrl),
  ...settings,
  secret: Type.Optional(Type.String({ format: 'secret-or-rotate' })),
  ...readOnly('id', 'awaits_verification', 'liveness', 'messages'),
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
    headers: Headers,
  },
  { title: 'Listener' },
)

/** The body in the words of the use cases. */
export function createdOf(body: Static<typeof NewListener>): Omit<New, 'organizationId' | 'queueId'> {
  return {
    name: body.name,
    notifyUrl: body.notify_url ?? null,
    livenessUrl: body.liveness_url ?? null,
    secret: body.secret,
    settings: settingsOf(body),
  }
}

/** The settings that a change names; what the body leaves out stays out. */
export function changeOf(body: Static<typeof ListenerChange>): ListenerUpdate {
  return {
    name: body.name,
    notifyUrl: body.notify_url,
    livenessUrl: body.liveness_url,
    secret: body.secret,
    settings: settingsOf(body),
  }
}

type Settings = Pick<Static<typeof NewListener>, keyof typeof settings>

function settingsOf({ retry, rate_limit, ...body }: Settings): SettingsChange {
  return {
    retry: retry && {
      maxAttempts: retry.max_attempts,
      initialDelayMs: retry.initial_delay,
      maxDelayMs: retry.max_delay,
      multiplier: retry.multiplier,
    },
    timeoutMs: body.timeout,
    maxConcurrency: body.max_concurrency,
    status: body.status,
    rateLimit: rate_limit && { requests: rate_limit.requests, perMs: rate_limit.per },
    ordering: body.ordering,
    onMissed: body.on_missed,
    headers: body.headers && headersOf(body.headers),
  }
}

/** What answers show of a header's value; sent back, it means the value that is stored. */
const HIDDEN = '***'

function headersOf(headers: Record<string, string>): HeadersChange {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, value === HIDDEN ? null : value]))
}

export function fullListener(listener: ListenerDetails): Static<typeof Listener> {
  const { liveness, settings } = listener
  const { retry, timeoutMs, maxConcurrency, rateLimit, ...rest } = settings
  return {
    id: listener.id,
    name: listener.name,
    liveness: {
      state: liveness.state,
      success_count: liveness.successCount,
      last_success_at: liveness.lastSuccessAt,
      failure_count: liveness.failureCount,
      last_failure_status: liveness.lastFailureStatus,
      last_failure_at: liveness.lastFailureAt,
      last_failure_msg: liveness.lastFailureMsg,
    },
    messages: {
      acknowledged_count: listener.acknowledgedCount,
      last_success_at: listener.lastSuccessAt,
      last_failure_at: listener.lastFailureAt,
      missed: listener.missedMessageIds,
      missed_count: listener.missedCount,
      pending_count: listener.pendingCount,
    },
    notify_url: listener.notifyUrl,
    liveness_url: listener.livenessUrl,
    retry: {
      max_attempts: retry.maxAttempts,
      initial_delay: retry.initialDelayMs,
      max_delay: retry.maxDelayMs,
      multiplier: retry.multiplier,
    },
    timeout: timeoutMs,
    max_concurrency: maxConcurrency,
    status: rest.status,
    ...(rest.awaitsVerification && { awaits_verification: true }),
    rate_limit: rateLimit && { requests: rateLimit.requests, per: rateLimit.perMs },
    ordering: rest.ordering,
    on_missed: rest.onMissed,
    headers: Object.fromEntries(Object.keys(rest.headers).map((name) => [name, HIDDEN])),
  }
}

/** How listings of listeners show them. */
export function listedAt(path: string) {
  return {
    collection: 'listeners',
    path,
    entry: ({ id, name, queueId }: ListenerDetails) => ({ id, name, path: paths.listener(queueId, id) }),
    full: fullListener,
  }
}
