import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { call } from './client.ts'
import { usePolling } from './live.ts'
import { cursorOf } from './queries.ts'
import type { LinkMap, ListenerAttempt, ListenerDelivery } from './types.ts'

export type DeliveryStatus = ListenerDelivery['status']

/** Which attempts are asked for, in the words of the API; what is left out asks for nothing. */
export interface AttemptFilter {
  outcome?: string
  status?: string
  error?: string
}

type Answer<Name extends string, Entry> = Record<Name, Entry[]> & { _links: LinkMap }

function usePages<Name extends 'deliveries' | 'attempts', Entry>(
  name: Name,
  listener: { queueId: string; listenerId: string },
  filter: object,
) {
  const path = `/queues/${listener.queueId}/listeners/${listener.listenerId}/${name}`
  return useInfiniteQuery({
    queryKey: ['listeners', path, filter],
    initialPageParam: null as string | null,
    queryFn: async ({ pageParam: cursor, signal }) => {
      const answer = await call<Answer<Name, Entry>>('GET', path, {
        query: { ...filter, cursor, per_page: 50 },
        signal,
      })
      return { entries: answer[name] as Entry[], next: cursorOf(answer._links) }
    },
    getNextPageParam: ({ next }) => next,
  })
}

/** What waits for a listener, what it missed, or what it was delivered. */
export function useDeliveries(listener: { queueId: string; listenerId: string }, status: DeliveryStatus) {
  return usePages<'deliveries', ListenerDelivery>('deliveries', listener, { status })
}

/** The attempts at a listener, the newest first. */
export function useListenerAttempts(listener: { queueId: string; listenerId: string }, filter: AttemptFilter) {
  return usePages<'attempts', ListenerAttempt>('attempts', listener, filter)
}

/**
 * The first delivery that waits for the one before it in the order; null where none of the first hundred does. What is due
 * comes first, and in an order that blocks as a whole nothing is.
 */
export function useFirstHeld({ queueId, listenerId }: { queueId: string; listenerId: string }) {
  const refetchInterval = usePolling()
  const path = `/queues/${queueId}/listeners/${listenerId}/deliveries`
  return useQuery({
    queryKey: ['listeners', path, 'first held'],
    queryFn: async ({ signal }) => {
      const answer = await call<Answer<'deliveries', ListenerDelivery>>('GET', path, {
        query: { per_page: 100 },
        signal,
      })
      return answer.deliveries.find(({ behind }) => behind?.missed) ?? null
    },
    refetchInterval,
  })
}
