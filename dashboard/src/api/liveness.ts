import { useQuery } from '@tanstack/react-query'
import { call } from './client.ts'
import { usePolling } from './live.ts'
import { cursorOf } from './queries.ts'
import type { LinkMap, LivenessState } from './types.ts'

/** A state that gave way to another. */
export interface LivenessChange {
  at: number
  from: LivenessState
  state: LivenessState
  message?: string
}

/** The server keeps a thousand. */
const MAX_PAGES = 10

/** What a listener became in the past `spanMs`, the latest first, and the last change before that. */
export function useLivenessChanges(queueId: string, listenerId: string, spanMs: number) {
  const refetchInterval = usePolling()
  return useQuery({
    queryKey: ['listeners', 'liveness', listenerId, spanMs],
    queryFn: async ({ signal }) => {
      const path = `/queues/${queueId}/listeners/${listenerId}/liveness`
      const changes: LivenessChange[] = []
      let cursor: string | null = null
      for (let page = 0; page < MAX_PAGES; page++) {
        const answer: { changes: LivenessChange[]; _links: LinkMap } = await call('GET', path, {
          query: { cursor },
          signal,
        })
        changes.push(...answer.changes)
        cursor = cursorOf(answer._links)
        const oldest = changes.at(-1)
        if (cursor === null || oldest === undefined || oldest.at < Date.now() - spanMs) break
      }
      return changes
    },
    refetchInterval,
  })
}
