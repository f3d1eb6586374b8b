import { Problem } from '../problem.ts'

export type OrganizationStatus = 'active' | 'frozen'

/** What an organization may use at most; null means that nothing limits it. */
export interface Limits {
  queues: number | null
  listeners: number | null
  apiKeys: number | null
  schedules: number | null
  storedMessages: number | null
  /** A day is one of UTC. */
  messagesPerDay: number | null
  /** Null: as many as the server allows every organization. */
  requestsPerMinute: number | null
}

/** The limits of what is stored; that of requests is a rate, and ends by itself. */
export type Quota = Exclude<keyof Limits, 'requestsPerMinute'>

/** The tenant that owns keys, queues and everything in them; the API also says *api client*. */
export interface Organization {
  id: string
  name: string
  /** The one that the root key belongs to; it can be neither deleted nor frozen. */
  root: boolean
  /** A frozen one takes no writes; its deliveries go on. */
  status: OrganizationStatus
  limits: Limits
  createdAt: number
  updatedAt: number
}

export const ROOT_ORGANIZATION_NAME = 'root'

export const NO_LIMITS: Limits = Object.freeze({
  queues: null,
  listeners: null,
  apiKeys: null,
  schedules: null,
  storedMessages: null,
  messagesPerDay: null,
  requestsPerMinute: null,
})

/** What callers call each limit. */
export const LIMIT_NAMES = {
  queues: 'queues',
  listeners: 'listeners',
  apiKeys: 'api_keys',
  schedules: 'schedules',
  storedMessages: 'stored_messages',
  messagesPerDay: 'messages_per_day',
  requestsPerMinute: 'requests_per_minute',
} as const satisfies Record<keyof Limits, string>

/** The limits with those that the change names; null takes a limit away. */
export function withLimits(current: Limits, change: Partial<Limits>): Limits {
  const limits = { ...current }
  for (const name of Object.keys(LIMIT_NAMES) as (keyof Limits)[]) {
    const value = change[name]
    if (value !== undefined) limits[name] = value
  }
  return limits
}

/** The 402 that says which limit is used up, and how large it is. */
export function quotaReached({ limit, value }: { limit: Quota; value: number }): Problem {
  const name = LIMIT_NAMES[limit]
  const end = limit === 'messagesPerDay' ? 'it begins anew at 00:00 UTC' : 'what is deleted makes room again'
  return new Problem('quota_reached', {
    detail: `the organization's limit ${name} is ${value} and has no room for this; nothing was stored`,
    errors: [{ path: `/limits/${name}`, message: `is ${value} and has no room for this; ${end}` }],
  })
}
