import { QueryClient } from '@tanstack/react-query'
import { ApiError } from './client.ts'

const MAX_TRIES = 4
const FIRST_WAIT_MS = 500
const MAX_WAIT_MS = 10_000

/** What passes by itself is tried again, when the server says so or a little later each time; nothing else is. */
export const cache = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 4_000,
      // What was first asked for while the server was away comes by itself once it is back.
      refetchInterval: ({ state: { status, error } }) =>
        status === 'error' && error instanceof ApiError && error.passes ? MAX_WAIT_MS / 2 : false,
      // Whether the machine is online says nothing of a server that may be on that very machine.
      networkMode: 'always',
      retry: (tries, error) => error instanceof ApiError && error.passes && tries < MAX_TRIES,
      retryDelay: (tries, error) => {
        const asked = error instanceof ApiError ? error.retryAfterMs : null
        return Math.min(asked ?? FIRST_WAIT_MS * 2 ** tries, MAX_WAIT_MS)
      },
    },
    // Trying a change again without being told to could make it twice.
    mutations: { retry: false, networkMode: 'always' },
  },
})
