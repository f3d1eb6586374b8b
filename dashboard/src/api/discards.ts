import { useQuery } from '@tanstack/react-query'
import { useDeferredValue } from 'react'
import { call } from './client.ts'
import type { Discard } from './types.ts'

/** Which deliveries to a listener are meant; an empty text asks for none. */
export interface DiscardRange {
  status: 'pending' | 'scheduled' | 'missed'
  since: number | null
  until: number | null
  contains: string
}

/** What the API takes for it. */
function discardBody(listenerId: string, { status, since, until, contains }: DiscardRange) {
  return {
    ...{ listener_id: listenerId, status },
    ...(since !== null && { since }),
    ...(until !== null && { until }),
    ...(contains !== '' && { contains }),
  }
}

const discardPath = (queueId: string) => `/queues/${queueId}/messages/discard`

/** How many would be discarded now, of what one answer looks at; `done`: that is all. */
export function useDiscardCount(queueId: string, listenerId: string, range: DiscardRange) {
  // Not with every key that is typed.
  const which = useDeferredValue(range)
  return useQuery({
    queryKey: ['discard-count', queueId, listenerId, which],
    queryFn: async ({ signal }) => {
      const body = { ...discardBody(listenerId, which), dry_run: true }
      return (await call<{ discard: Discard }>('POST', discardPath(queueId), { body, signal })).discard
    },
    // What was counted a moment ago may be wrong by now, and is not counted anew while the user reads it.
    ...{ gcTime: 0, staleTime: Number.POSITIVE_INFINITY },
  })
}

export async function beginDiscard(queueId: string, listenerId: string, range: DiscardRange): Promise<Discard> {
  const body = discardBody(listenerId, range)
  return (await call<{ discard: Discard }>('POST', discardPath(queueId), { body })).discard
}

const POLL_MS = 700

/** Followed until all of it is done. */
export function useDiscard(queueId: string, id: string) {
  return useQuery({
    queryKey: ['discards', id],
    queryFn: async ({ signal }) => {
      return (await call<{ discard: Discard }>('GET', `/queues/${queueId}/discards/${id}`, { signal })).discard
    },
    refetchInterval: ({ state }) => (state.data?.done ? false : POLL_MS),
  })
}
