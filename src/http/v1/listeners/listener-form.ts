import type { Static } from 'typebox'
import type { ListenerChange as ListenerUpdate, NewListener as New } from '../../../app/listeners.ts'
import { type SettingsChange, SIGNATURE_VERSIONS, type SignatureVersion } from '../../../core/delivery/listener.ts'
import type { HeadersChange } from '../../../core/delivery/listener-headers.ts'
import type { ListenerFilter } from '../../../core/listener-filter/filter.ts'
import { filterFaults } from '../../../core/listener-filter/filter-faults.ts'
import { Problem } from '../../../core/problem.ts'
import type { ListenerDetails } from '../../../store/listeners.ts'
import { paths } from '../../present/links.ts'
import { authOf, fullAuth } from './listener-auth-form.ts'
import type { Listener, ListenerChange, NewListener, settings } from './listener-schemas.ts'
import { fullTls, tlsOf } from './listener-tls-form.ts'
import { given, HIDDEN } from './write-only.ts'

/** The body in the words of the use cases. */
export function createdOf(body: Static<typeof NewListener>): Omit<New, 'organizationId' | 'queueId'> {
  return {
    name: body.name,
    notifyUrl: body.notify_url ?? null,
    livenessUrl: body.liveness_url ?? null,
    secret: body.secret,
    privateKey: body.private_key,
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
    privateKey: body.private_key,
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
    method: body.method,
    circuitBreaker: body.circuit_breaker,
    signature: body.signature && versionsOf(body.signature),
    headers: body.headers && headersOf(body.headers),
    auth: body.auth && authOf(body.auth),
    tls: body.tls && tlsOf(body.tls),
    filter: body.filter === undefined ? undefined : filterOf(body.filter),
  }
}

/** A filter as it is kept. Throws `invalid` with what cannot be read of it. */
function filterOf(sent: object | null): string | null {
  if (sent === null) return null
  const errors = filterFaults(sent)
  if (errors.length > 0) throw new Problem('invalid', { errors })
  return JSON.stringify(sent)
}

function headersOf(headers: Record<string, string>): HeadersChange {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, given(value)]))
}

/** Each once, in one order. */
function versionsOf(given: SignatureVersion | SignatureVersion[]): SignatureVersion[] {
  return SIGNATURE_VERSIONS.filter((version) => [given].flat().includes(version))
}

/** A listener as answers show it, without its secrets. */
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
    method: rest.method,
    circuit_breaker: rest.circuitBreaker,
    signature: rest.signature.length === 1 ? rest.signature[0]! : [...rest.signature],
    ...(rest.publicKey !== null && { public_key: rest.publicKey }),
    headers: Object.fromEntries(Object.keys(rest.headers).map((name) => [name, HIDDEN])),
    auth: rest.auth && fullAuth(rest.auth),
    tls: rest.tls && fullTls(rest.tls),
    filter: rest.filter === null ? null : (JSON.parse(rest.filter) as ListenerFilter),
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
