import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useEffect } from 'react'
import { call } from './client.ts'
import { cursorOf } from './queries.ts'
import type { LinkMap, Redelivery } from './types.ts'

/** Which deliveries are meant: of messages that were accepted then, and how they stand. */
export interface RedeliveryRange {
  since: number | null
  until: number | null
  status: 'missed' | 'delivered' | 'all'
}

/** How many would be begun anew; `isDone` once everything was looked at. */
export interface RedeliveryCount {
  matched: number
  isDone: boolean
  error: Error | null
}

/** Counts all of it, answer after answer, however much it is; ends with the page that asked. */
export function useRedeliveryCount(queueId: string, listenerId: string, range: RedeliveryRange): RedeliveryCount {
  const path = `/queues/${queueId}/listeners/${listenerId}/redeliver`
  const counting = useInfiniteQuery({
    queryKey: ['redelivery-count', path, range],
    initialPageParam: null as string | null,
    queryFn: async ({ pageParam: cursor, signal }) => {
      const query = { ...range, cursor }
      const answer = await call<{ count: { matched: number }; _links: LinkMap }>('GET', path, { query, signal })
      return { matched: answer.count.matched, next: cursorOf(answer._links) }
    },
    getNextPageParam: ({ next }) => next,
    // What was counted a moment ago may be wrong by now, and is not counted anew while the user reads it.
    ...{ gcTime: 0, staleTime: Number.POSITIVE_INFINITY, structuralSharing: false },
  })
  const { data, error, hasNextPage, isFetching, fetchNextPage } = counting
  useEffect(() => {
    if (hasNextPage && !isFetching && error === null) void fetchNextPage()
  }, [hasNextPage, isFetching, error, fetchNextPage])
  const matched = data?.pages.reduce((sum, page) => sum + page.matched, 0) ?? 0
  return { matched, isDone: data !== undefined && !hasNextPage, error }
}

const REDELIVERY_POLL_MS = 700

/** Followed until all of it is done. */
export function useRedelivery(queueId: string, listenerId: string, id: string | null) {
  return useQuery({
    queryKey: ['redeliveries', id],
    queryFn: async ({ signal }) => {
      const path = `/queues/${queueId}/listeners/${listenerId}/redeliveries/${id}`
      return (await call<{ redelivery: Redelivery }>('GET', path, { signal })).redelivery
    },
    enabled: id !== null,
    refetchInterval: ({ state }) => (state.data?.done ? false : REDELIVERY_POLL_MS),
  })
}
