/** A request, as far as links go: where the API is for the caller. */
export interface Based {
  base: string
}

export interface Link {
  href: string
}

export interface Links {
  self: Link
  [name: string]: Link
}

/** Where each resource lives, below the version. */
export const paths = {
  apiClients: '/api_clients',
  apiClient: (id: string) => `/api_clients/${id}`,
  apiKeys: '/api_keys',
  apiKey: (id: string) => `/api_keys/${id}`,
  queues: '/queues',
  queue: (id: string) => `/queues/${id}`,
  schema: (queueId: string, id: string) => `/queues/${queueId}/schemas/${id}`,
  allListeners: '/listeners',
  listeners: (queueId: string) => `/queues/${queueId}/listeners`,
  listener: (queueId: string, id: string) => `/queues/${queueId}/listeners/${id}`,
  livenessChanges: (queueId: string, id: string) => `/queues/${queueId}/listeners/${id}/liveness`,
  listenerAttempts: (queueId: string, id: string) => `/queues/${queueId}/listeners/${id}/attempts`,
  listenerDeliveries: (queueId: string, id: string) => `/queues/${queueId}/listeners/${id}/deliveries`,
  redeliver: (queueId: string, listenerId: string) => `/queues/${queueId}/listeners/${listenerId}/redeliver`,
  redelivery: (queueId: string, listenerId: string, id: string) =>
    `/queues/${queueId}/listeners/${listenerId}/redeliveries/${id}`,
  allMessages: '/messages',
  messages: (queueId: string) => `/queues/${queueId}/messages`,
  message: (queueId: string, id: string) => `/queues/${queueId}/messages/${id}`,
  discards: (queueId: string) => `/queues/${queueId}/messages/discard`,
  discard: (queueId: string, id: string) => `/queues/${queueId}/discards/${id}`,
  domains: '/domains',
  domain: (id: string) => `/domains/${id}`,
  events: '/events',
  allSchedules: '/schedules',
  schedules: (queueId: string) => `/queues/${queueId}/schedules`,
  schedule: (queueId: string, id: string) => `/queues/${queueId}/schedules/${id}`,
  schedulePreview: '/schedules/preview',
  scheduleRuns: (queueId: string, id: string) => `/queues/${queueId}/schedules/${id}/runs`,
  clockAdvance: '/clock/advance',
  ledger: '/ledger',
  messageStats: '/stats/messages',
  attempts: (queueId: string, id: string) => `/queues/${queueId}/messages/${id}/attempts`,
}

/** The `self` link of a resource. */
export function selfLink(request: Based, path: string): { self: Link } {
  return { self: { href: request.base + path } }
}

/** An entry of a listing, with its path. */
export interface Entry {
  id: string
  name: string | null
  path: string
}

/** One link per entry: by its name, or by its id where it has none or another entry of the page has the same. */
export function entryLinks(request: Based, links: { self: Link }, entries: readonly Entry[]): Links {
  // Without a prototype, because `__proto__` is a fine name for a queue.
  const all: Links = Object.assign(Object.create(null), links)
  const unique = uniqueNames(entries)
  for (const { id, name, path } of entries) {
    all[name !== null && unique.has(name) ? name : id] = { href: request.base + path }
  }
  return all
}

/** A name may look like the id of another entry, and would then hide its link. */
function uniqueNames(entries: readonly Entry[]): Set<string> {
  const ids = new Set(entries.map((entry) => entry.id))
  const seen = new Set<string>()
  const unique = new Set<string>()
  for (const { name } of entries) {
    if (name === null) continue
    if (seen.has(name) || ids.has(name)) unique.delete(name)
    else unique.add(name)
    seen.add(name)
  }
  return unique
}
