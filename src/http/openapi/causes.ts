import { type ProblemCode, problems } from '../../core/problem.ts'

/** What decides which problems an operation can meet. */
export interface Circumstances {
  method: string
  /** The resource that the key must allow; null for what needs no key. */
  resource: string | null
  /** Path parameters, the outermost first: `queueId`. */
  params: readonly string[]
  /** Properties of the body that the operation takes; null where it takes none. */
  bodyProperties: readonly string[] | null
  /** As the router has it. */
  url: string
  /** The path behind the last parameter, such as `check`; empty where nothing is. */
  action: string
}

type Rule = (at: Circumstances) => boolean

const BODY_METHODS: readonly string[] = ['POST', 'PUT', 'PATCH']
const CHANGE_METHODS: readonly string[] = ['PUT', 'PATCH', 'DELETE']
const WRITE_METHODS: readonly string[] = ['POST', ...CHANGE_METHODS]
/** Of these an organization may have a limited number. */
const COUNTED: readonly string[] = ['api_keys', 'queues', 'listeners', 'messages', 'schedules']

/** Resources whose listings may lie far down, or take long to sum up. */
const READ_LONG: readonly string[] = ['messages', 'events', 'stats']

const always: Rule = () => true
const never: Rule = () => false
const withKey: Rule = ({ resource }) => resource !== null
const readsBody: Rule = ({ method, resource }) => resource !== null && BODY_METHODS.includes(method)
const reads: Rule = ({ method, resource }) => method === 'GET' && resource !== null
const takesBody: Rule = ({ bodyProperties }) => bodyProperties !== null
const acceptsMessages: Rule = ({ method, resource }) => method === 'POST' && resource === 'messages'
const runsSchedules: Rule = ({ method, params }) => method === 'POST' && params.at(-1) === 'scheduleId'
const replacesSchedules: Rule = ({ method, params }) =>
  CHANGE_METHODS.includes(method) && params.at(-1) === 'scheduleId'
const checks: Rule = ({ action }) => action === 'check'
/** Writes nothing, though it has a body. */
const previews: Rule = ({ url }) => url.endsWith('/schedules/preview')
/** Ends deliveries, and stores no message. */
const discardsMany: Rule = ({ action }) => action === 'messages/discard'
const verifies: Rule = ({ action }) => action === 'verify'
const pulls: Rule = ({ action }) => action === 'pull'
/** What is part of delivering goes on while an organization is frozen. */
const delivers: Rule = ({ action }) => ['pull', 'ack', 'nack', 'extend'].includes(action)
/** Whose answers show no resource that may be deleted. */
const showsNone: Rule = (at) => delivers(at) || ['check', 'advance', 'preview'].includes(at.action)
/** Whether an operation may stop a key that leaked. */
const deletesKeys: Rule = ({ method, resource }) => method === 'DELETE' && resource === 'api_keys'
const either =
  (...rules: Rule[]): Rule =>
  (at) =>
    rules.some((rule) => rule(at))
/** The innermost resource of the path is the one that is looked for. */
const looksFor =
  (param: string): Rule =>
  ({ params }) =>
    params.at(-1) === param

/** Where each problem of the catalogue can be met. A new problem needs its line here. */
const rules: Record<ProblemCode, Rule> = {
  bad_query: withKey,
  bad_header: withKey,
  bad_json: readsBody,
  bad_request: always,
  key_missing: withKey,
  key_rejected: withKey,
  quota_reached: (at) =>
    at.method === 'POST' &&
    at.resource !== null &&
    COUNTED.includes(at.resource) &&
    at.action !== 'redeliver' &&
    !discardsMany(at) &&
    !previews(at),
  scope_missing: withKey,
  root_key_needed: ({ resource }) => resource === 'api_clients',
  locked_out: withKey,
  path_not_found: ({ params }) => params.length > 0,
  api_key_not_found: looksFor('apiKeyId'),
  organization_not_found: looksFor('apiClientId'),
  queue_not_found: either(looksFor('queueId'), looksFor('discardId')),
  domain_not_found: looksFor('domainId'),
  schema_not_found: looksFor('schemaId'),
  listener_not_found: either(looksFor('listenerId'), looksFor('redeliveryId')),
  redelivery_not_found: looksFor('redeliveryId'),
  discard_not_found: looksFor('discardId'),
  schedule_not_found: looksFor('scheduleId'),
  message_not_found: looksFor('messageId'),
  // About the methods that a path does not have: no operation answers with it.
  method_not_allowed: never,
  not_acceptable: withKey,
  body_too_large: readsBody,
  body_not_json: readsBody,
  key_reused: ({ method, resource }) => method === 'POST' && resource !== null,
  answered_gone: (at) => at.method === 'POST' && at.resource !== null && !showsNone(at),
  key_running: ({ method, resource }) => method === 'POST' && resource !== null,
  changed: (at) => at.resource !== null && (CHANGE_METHODS.includes(at.method) || verifies(at)),
  invalid: either(takesBody, runsSchedules),
  message_started: ({ bodyProperties, method }) => method !== 'POST' && bodyProperties?.includes('deliver_at') === true,
  // Messages may share a name.
  name_taken: ({ bodyProperties, resource }) =>
    (bodyProperties?.includes('name') === true || bodyProperties?.includes('alias') === true) &&
    resource !== 'messages',
  listener_pulls: checks,
  listener_pushed: pulls,
  too_many_polls: pulls,
  queue_full: ({ method, params, resource }) =>
    method === 'POST' && resource === 'listeners' && params.at(-1) === 'queueId',
  too_many_deliveries: either(
    (at) => acceptsMessages(at) && at.action !== 'redeliver' && !discardsMany(at),
    runsSchedules,
  ),
  message_expired: ({ resource, action }) => resource === 'messages' && action === 'redeliver',
  challenge_expired: verifies,
  challenge_failed: verifies,
  // In version 2 domains are always there.
  domains_off: ({ resource, url }) => resource === 'domains' && url.startsWith('/v1/'),
  too_many_discards: discardsMany,
  too_many_checks: either(checks, verifies),
  last_owner_key: ({ method, resource }) => resource === 'api_keys' && CHANGE_METHODS.includes(method),
  queue_deleting: ({ method, params }) => method === 'POST' && params.includes('queueId'),
  root_organization: ({ method, resource }) => resource === 'api_clients' && CHANGE_METHODS.includes(method),
  organization_frozen: (at) =>
    at.resource !== null && WRITE_METHODS.includes(at.method) && !delivers(at) && !deletesKeys(at) && !previews(at),
  rate_limited: withKey,
  // Told in the description of the one operation that has it.
  too_many_event_streams: never,
  too_many_keyed: ({ method, resource }) => method === 'POST' && resource !== null,
  too_many_answers: either(reads, pulls, ({ action }) => action === 'messages/batch'),
  too_many_bodies: takesBody,
  too_many_readings: either(
    reads,
    ({ method, resource }) => method === 'GET' && resource !== null && READ_LONG.includes(resource),
  ),
  internal: always,
  dashboard_not_built: ({ url }) => url === '/',
  method_not_implemented: never,
  clock_not_manual: ({ bodyProperties }) => bodyProperties?.includes('ms') === true,
  overloaded: either(reads, acceptsMessages, checks, verifies, delivers, runsSchedules, replacesSchedules),
  stopping: either(acceptsMessages, checks, verifies, pulls, runsSchedules),
  store_unavailable: withKey,
}

/** The problems that an operation can answer with, by status, lowest first. */
export function causesOf(at: Circumstances): Map<number, ProblemCode[]> {
  const codes = (Object.keys(problems) as ProblemCode[]).filter((code) => rules[code]?.(at))
  codes.sort((a, b) => problems[a].status - problems[b].status)
  return Map.groupBy(codes, (code): number => problems[code].status)
}
