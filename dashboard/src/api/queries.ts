import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { bodyLine } from '../words/body.ts'
import { ApiError, call } from './client.ts'
import { usePolling } from './live.ts'
import type {
  ApiKey,
  Attempt,
  Domain,
  LinkMap,
  Listener,
  Message,
  Organization,
  Queue,
  Ref,
  Schedule,
  ScheduleRun,
  Stats,
} from './types.ts'

/** The first part of every key names the kind, by which the live stream knows what has grown old. */
interface Listing<Full> {
  _embedded: Record<string, Full[]>
  _links: LinkMap
}

function useListing<Full>(kind: string, path: string, enabled = true) {
  const refetchInterval = usePolling()
  return useQuery({
    queryKey: [kind, path],
    queryFn: async ({ signal }) => {
      const answer = await call<Listing<Full>>('GET', path, { query: { _embed: true }, signal })
      return answer._embedded[kind] ?? []
    },
    refetchInterval,
    enabled,
  })
}

function useOne<Full>(kind: string, name: string, path: string) {
  const refetchInterval = usePolling()
  return useQuery({
    queryKey: [kind, path],
    queryFn: async ({ signal }) => (await call<Record<string, Full>>('GET', path, { signal }))[name]!,
    refetchInterval,
  })
}

export const useQueues = () => useListing<Queue>('queues', '/queues')
export const useQueue = (id: string) => useOne<Queue>('queues', 'queue', `/queues/${id}`)
export const useListeners = (queueId: string) => useListing<Listener>('listeners', `/queues/${queueId}/listeners`)
export const useListener = (queueId: string, id: string) =>
  useOne<Listener>('listeners', 'listener', `/queues/${queueId}/listeners/${id}`)
export const useMessage = (queueId: string, id: string) =>
  useOne<Message>('messages', 'message', `/queues/${queueId}/messages/${id}`)
export const useApiKeys = () => useListing<ApiKey>('api_keys', '/api_keys')
export const useDomains = () => useListing<Domain>('domains', '/domains')
export const useOrganizations = () => useListing<Organization>('api_clients', '/api_clients')
export const useSchedule = (queueId: string, id: string) =>
  useOne<Schedule>('schedules', 'schedule', `/queues/${queueId}/schedules/${id}`)

/** The queue of each entry of a listing, by the entry's id: the listing does not say it, the entry's link does. */
function ownersIn(links: LinkMap, kind: 'listeners' | 'messages'): Map<string, string> {
  const address = new RegExp(`/queues/(\\w+)/${kind}/(\\w+)$`)
  return new Map(
    Object.values(links).flatMap(({ href }) => {
      const found = address.exec(href)
      return found ? [[found[2]!, found[1]!] as const] : []
    }),
  )
}

export type QueueListener = Listener & { queue_id: string }

/** The listeners of all queues. */
export function useAllListeners() {
  const refetchInterval = usePolling()
  return useQuery({
    queryKey: ['listeners', '/listeners'],
    queryFn: async ({ signal }): Promise<QueueListener[]> => {
      const answer = await call<Listing<Listener>>('GET', '/listeners', { query: { _embed: true }, signal })
      const owners = ownersIn(answer._links, 'listeners')
      return answer._embedded.listeners!.map((one) => ({ ...one, queue_id: owners.get(one.id) ?? '' }))
    },
    refetchInterval,
  })
}

/** Of one queue; a server without schedules has none, and says so by a 404 of the path. */
export function useSchedules(queueId: string) {
  const refetchInterval = usePolling()
  return useQuery({
    queryKey: ['schedules', queueId],
    queryFn: ({ signal }) => readSchedules(`/queues/${queueId}/schedules`, signal),
    refetchInterval,
  })
}

/** Enough for people; what has more schedules than that is found page by page through the API. */
const MAX_SCHEDULE_PAGES = 20

async function readSchedules(path: string, signal: AbortSignal): Promise<Schedule[]> {
  const schedules: Schedule[] = []
  let cursor: string | null = null
  for (let page = 0; page < MAX_SCHEDULE_PAGES; page++) {
    const answer: Listing<Schedule> = await call('GET', path, {
      query: { _embed: true, cursor },
      signal,
    })
    schedules.push(...(answer._embedded.schedules ?? []))
    cursor = cursorOf(answer._links)
    if (cursor === null) break
  }
  return schedules
}

export type QueueSchedule = Schedule & { queue: Queue }

/** The schedules of these queues, which are all that the key may see: those of a queue that was made since come later. */
export function useAllSchedules(queues: Queue[] | undefined) {
  const refetchInterval = usePolling()
  return useQuery({
    queryKey: ['schedules', 'all', queues?.map(({ id }) => id)],
    queryFn: async ({ signal }): Promise<QueueSchedule[]> => {
      const byId = new Map(queues!.map((queue) => [queue.id, queue]))
      return (await readSchedules('/schedules', signal)).flatMap((schedule) => {
        const queue = byId.get(schedule.queue_id)
        return queue === undefined ? [] : [{ ...schedule, queue }]
      })
    },
    enabled: queues !== undefined,
    refetchInterval,
  })
}

/** The latest runs of a schedule, the newest first. */
export function useRuns(queueId: string, scheduleId: string) {
  const refetchInterval = usePolling()
  return useQuery({
    queryKey: ['schedules', 'runs', scheduleId],
    queryFn: async ({ signal }) => {
      const path = `/queues/${queueId}/schedules/${scheduleId}/runs`
      return (await call<{ runs: ScheduleRun[] }>('GET', path, { query: { per_page: 20 }, signal })).runs
    },
    refetchInterval,
  })
}

/** With `of`, the series of one queue or listener. */
export function useStats(of?: string) {
  const refetchInterval = usePolling()
  return useQuery({
    queryKey: ['stats', of ?? 'all'],
    queryFn: ({ signal }) => call<Stats>('GET', '/stats/messages', { query: { series: true, of }, signal }),
    refetchInterval,
  })
}

/** What messages are searched by, in the words of the API: with `data.<path>` for a value in their data. */
export interface MessageFilter {
  name?: string
  key?: string
  status?: string
  delivery_status?: string
  listener_id?: string
  contains?: string
  since?: number
  until?: number
}

/** Data may be large, and a list shows only how it begins. */
const SHOWN_CHARS = 160

export type QueueMessage = Message & { queueId: string }

interface MessagePage {
  messages: QueueMessage[]
  next: string | null
}

/** Newest first, page by page; a page may be empty and still go on, where a search looked at many and found none. */
export function useMessages(queueId: string | null, filter: MessageFilter) {
  const path = queueId === null ? '/messages' : `/queues/${queueId}/messages`
  return useInfiniteQuery({
    queryKey: ['message-pages', path, filter],
    initialPageParam: null as string | null,
    // Comparing every page with itself for each one that is added would take longer the further one scrolls.
    structuralSharing: false,
    queryFn: async ({ pageParam: cursor, signal }): Promise<MessagePage> => {
      const query = { _embed: true, ...filter, cursor }
      const answer = await call<Listing<Message>>('GET', path, { query, signal })
      const owners = ownersIn(answer._links, 'messages')
      const messages = answer._embedded.messages!.map((one) => ({
        ...{ ...one, queueId: owners.get(one.id) ?? '' },
        ...{ data: bodyLine(one).slice(0, SHOWN_CHARS), data_base64: undefined },
      }))
      return { messages, next: cursorOf(answer._links) }
    },
    getNextPageParam: ({ next }) => next,
  })
}

export function cursorOf(links: LinkMap): string | null {
  const href = links.next?.href
  return href === undefined ? null : new URL(href).searchParams.get('cursor')
}

const MAX_ATTEMPT_PAGES = 20

/** Every attempt of a message, newest first. */
export function useAttempts(queueId: string, messageId: string) {
  const refetchInterval = usePolling()
  return useQuery({
    queryKey: ['messages', 'attempts', queueId, messageId],
    queryFn: async ({ signal }) => {
      const attempts: Attempt[] = []
      let cursor: string | null = null
      for (let page = 0; page < MAX_ATTEMPT_PAGES; page++) {
        const path = `/queues/${queueId}/messages/${messageId}/attempts`
        const answer: { attempts: Attempt[]; _links: LinkMap } = await call('GET', path, { query: { cursor }, signal })
        attempts.push(...answer.attempts)
        cursor = cursorOf(answer._links)
        if (cursor === null) break
      }
      return attempts
    },
    refetchInterval,
  })
}

/** What the key of the session may do beside the usual. */
export interface Powers {
  owner: boolean
  root: boolean
  /** The server knows domains, and the key may see them. */
  domains: boolean
}

export function usePowers() {
  return useQuery({
    queryKey: ['powers'],
    queryFn: async ({ signal }): Promise<Powers> => {
      const may = async (path: string) => {
        try {
          await call<{ api_keys?: Ref[] }>('GET', path, { query: { per_page: 1 }, signal })
          return true
        } catch (error) {
          if (error instanceof ApiError && (error.isForbidden || error.isMissing)) return false
          throw error
        }
      }
      const [owner, root, domains] = await Promise.all(['/api_keys', '/api_clients', '/domains'].map(may))
      return { owner: owner!, root: root!, domains: domains! }
    },
    staleTime: Number.POSITIVE_INFINITY,
  })
}
