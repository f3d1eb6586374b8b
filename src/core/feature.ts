import type { DeliverySettings, SettingsChange } from './delivery/listener.ts'
import { type BodyAsk, isBytes } from './message/body.ts'
import type { ExpiryAsk } from './message/expiry.ts'
import type { Schedule, Timing } from './schedule/schedule.ts'

/**
 * What nodes of an older version, on the same database, do not know: such a node would not find a lease that was extended, or
 * send a message that has expired. Each node says in the database which it knows, and until all that live know it,
 * its use is refused. What is new goes here with the version that brings it.
 */
export const FEATURES = [
  'lease_extension',
  'message_expiry',
  'message_headers',
  'message_body',
  'listener_method',
  'listener_circuit_breaker',
  'listener_filter',
  'schedule_period',
  'schedule_options',
  'listener_auth',
  'listener_tls',
  'listener_signature',
  'message_discard',
] as const

export type Feature = (typeof FEATURES)[number]

/** Something that a request makes use of, and where it stands in the body. */
export interface UsedFeature {
  feature: Feature
  path: string
}

/** What a message makes use of, whose path in the body this is. */
export function usedByMessage(
  { expiresAt, expiresInMs, headers, contentType, dataBase64 }: ExpiryAsk & BodyAsk & { headers?: unknown },
  path: string,
): UsedFeature[] {
  return used([
    [expiresAt !== undefined, 'message_expiry', `${path}/expires_at`],
    [expiresInMs !== undefined, 'message_expiry', `${path}/expires_in`],
    [headers !== undefined, 'message_headers', `${path}/headers`],
    [contentType !== undefined, 'message_body', `${path}/content_type`],
    [dataBase64 !== undefined, 'message_body', `${path}/data_base64`],
  ])
}

/** What a change of a listener makes use of that it did not before. */
export function usedByListener(
  { method, circuitBreaker, auth, tls, signature, filter }: SettingsChange,
  before: DeliverySettings,
): UsedFeature[] {
  return used([
    [method !== undefined && method !== before.method, 'listener_method', '/method'],
    [filter !== undefined && filter !== null && filter !== before.filter, 'listener_filter', '/filter'],
    [circuitBreaker === false && before.circuitBreaker, 'listener_circuit_breaker', '/circuit_breaker'],
    [auth !== undefined && auth !== null && before.auth === null, 'listener_auth', '/auth'],
    [tls !== undefined && tls !== null && before.tls === null, 'listener_tls', '/tls'],
    [signature?.includes('v1a') === true && !before.signature.includes('v1a'), 'listener_signature', '/signature'],
  ])
}

/** What a schedule makes use of. */
export function usedBySchedule({ timing }: { timing: Timing }): UsedFeature[] {
  return used([['period' in timing, 'schedule_period', '/every']])
}

type Options = Pick<Schedule, 'mediaType' | 'key' | 'headers' | 'expiresInMs' | 'overlap' | 'jitterMs'>

/** What a schedule makes use of that it did not before; null: it is new. */
export function usedByOptions(options: Options, before: Options | null): UsedFeature[] {
  const { mediaType, key, headers, expiresInMs, overlap, jitterMs } = options
  const body = isBytes(options) ? '/data_base64' : '/content_type'
  return used([
    [mediaType !== null && mediaType !== before?.mediaType, 'message_body', body],
    [key !== null && key !== before?.key, 'schedule_options', '/key'],
    [headers !== null && headers !== before?.headers, 'schedule_options', '/headers'],
    [expiresInMs !== null && expiresInMs !== before?.expiresInMs, 'schedule_options', '/expires_in'],
    [overlap === 'skip' && overlap !== before?.overlap, 'schedule_options', '/overlap'],
    [jitterMs > 0 && jitterMs !== before?.jitterMs, 'schedule_options', '/jitter'],
  ])
}

function used(all: readonly (readonly [isUsed: boolean, feature: Feature, path: string])[]): UsedFeature[] {
  return all.flatMap(([isUsed, feature, path]) => (isUsed ? [{ feature, path }] : []))
}

/** Nodes that are named; of more it is told how many. */
const NAMED = 3

/** Why a setting is refused that these nodes do not know; null where there are none. */
export function notUnderstood(nodes: readonly string[]): string | null {
  if (nodes.length === 0) return null
  const more = nodes.length > NAMED ? ` and ${nodes.length - NAMED} more` : ''
  const named = `${nodes.slice(0, NAMED).join(', ')}${more}`
  return nodes.length === 1
    ? `cannot be used yet: the node ${named} runs a version that does not know it; send it again once that node is updated or gone`
    : `cannot be used yet: the nodes ${named} run versions that do not know it; send it again once they are updated or gone`
}
