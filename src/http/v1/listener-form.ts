import { type Static, Type } from 'typebox'
import type { ListenerChange as Change, NewListener as New } from '../../app/listeners.ts'
import { MAX_CONCURRENCY, MAX_TIMEOUT_MS, MIN_TIMEOUT_MS, type SettingsChange } from '../../core/listener.ts'
import { MAX_RETRY_DELAY_MS, MIN_RETRY_DELAY_MS } from '../../core/retry-policy.ts'
import type { ListenerDetails } from '../../store/listeners.ts'
import { paths } from '../links.ts'
import { Id, Name, NullableInteger, NullableText, NullableTime, readOnly, strict } from '../schemas.ts'

const MAX_ATTEMPTS = 100
const MAX_MULTIPLIER = 100

const Url = Type.String({ format: 'target', description: 'an absolute http or https URL without credentials' })
const NullableUrl = Type.Unsafe<string | null>({ ...Url, type: ['string', 'null'] })
const Delay = Type.Integer({ minimum: MIN_RETRY_DELAY_MS, maximum: MAX_RETRY_DELAY_MS, description: 'milliseconds' })
const Retry = strict({
  max_attempts: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_ATTEMPTS })),
  initial_delay: Type.Optional(Delay),
  max_delay: Type.Optional(Delay),
  multiplier: Type.Optional(Type.Number({ minimum: 1, maximum: MAX_MULTIPLIER })),
})
const settings = {
  retry: Type.Optional(Retry),
  timeout: Type.Optional(
    Type.Integer({ minimum: MIN_TIMEOUT_MS, maximum: MAX_TIMEOUT_MS, description: 'milliseconds' }),
  ),
  max_concurrency: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_CONCURRENCY })),
}

/** What creates a listener. */
export const NewListener = strict({
  name: Name,
  notify_url: Url,
  liveness_url: Type.Optional(NullableUrl),
  ...settings,
  secret: Type.Optional(Type.String({ format: 'secret' })),
})

/** What changes one; `secret: "rotate"` has a new one made. */
export const ListenerChange = strict({
  name: Type.Optional(Name),
  notify_url: Type.Optional(Url),
  liveness_url: Type.Optional(NullableUrl),
  ...settings,
  secret: Type.Optional(Type.String({ format: 'secret-or-rotate' })),
  ...readOnly('id', 'liveness', 'messages'),
})

/** The full form. */
export const Listener = Type.Object({
  id: Id,
  name: Type.String(),
  liveness: Type.Object({
    state: Type.Enum(['stable', 'unstable', 'down', 'unknown']),
    success_count: Type.Integer(),
    last_success_at: NullableTime,
    failure_count: Type.Integer(),
    last_failure_status: NullableInteger,
    last_failure_at: NullableTime,
    last_failure_msg: NullableText,
  }),
  messages: Type.Object({
    acknowledged_count: Type.Integer(),
    last_success_at: NullableTime,
    last_failure_at: NullableTime,
    missed: Type.Array(Id),
    missed_count: Type.Integer(),
  }),
  notify_url: Type.String(),
  liveness_url: NullableText,
  retry: Type.Object({
    max_attempts: Type.Integer(),
    initial_delay: Type.Integer(),
    max_delay: Type.Integer(),
    multiplier: Type.Number(),
  }),
  timeout: Type.Integer(),
  max_concurrency: Type.Integer(),
})

/** What a listener is as long as nobody has checked it. */
const UNCHECKED: Static<typeof Listener>['liveness'] = Object.freeze({
  state: 'unknown',
  success_count: 0,
  last_success_at: null,
  failure_count: 0,
  last_failure_status: null,
  last_failure_at: null,
  last_failure_msg: null,
})

/** The body in the words of the use cases. */
export function createdOf(body: Static<typeof NewListener>): Omit<New, 'organizationId' | 'queueId'> {
  return {
    name: body.name,
    notifyUrl: body.notify_url,
    livenessUrl: body.liveness_url ?? null,
    secret: body.secret,
    settings: settingsOf(body),
  }
}

/** The same for a change; what the body leaves out stays out. */
export function changeOf(body: Static<typeof ListenerChange>): Change {
  return {
    name: body.name,
    notifyUrl: body.notify_url,
    livenessUrl: body.liveness_url,
    secret: body.secret,
    settings: settingsOf(body),
  }
}

type Settings = Pick<Static<typeof NewListener>, 'retry' | 'timeout' | 'max_concurrency'>

function settingsOf({ retry, timeout, max_concurrency }: Settings): SettingsChange {
  return {
    retry: retry && {
      maxAttempts: retry.max_attempts,
      initialDelayMs: retry.initial_delay,
      maxDelayMs: retry.max_delay,
      multiplier: retry.multiplier,
    },
    timeoutMs: timeout,
    maxConcurrency: max_concurrency,
  }
}

export function fullListener(listener: ListenerDetails): Static<typeof Listener> {
  const { retry, timeoutMs, maxConcurrency } = listener.settings
  return {
    id: listener.id,
    name: listener.name,
    liveness: UNCHECKED,
    messages: {
      acknowledged_count: listener.acknowledgedCount,
      last_success_at: listener.lastSuccessAt,
      last_failure_at: listener.lastFailureAt,
      missed: listener.missedMessageIds,
      missed_count: listener.missedCount,
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
