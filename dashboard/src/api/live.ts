import { useEffect, useSyncExternalStore } from 'react'
import { cache } from './cache.ts'
import { API, ApiError, errorOf } from './client.ts'
import { session } from './session.ts'
import { readEvents } from './stream.ts'
import type { Counts, UsageEvent } from './types.ts'

/** `off`: the key may not watch, or the server has no stream; the pages then ask now and then. */
export type LiveState = 'connecting' | 'on' | 'lost' | 'off'

/** What happened since the last one; at most a few events, with the number of those that were left out. */
interface EventDigest {
  at: number
  counts: Counts
  events: UsageEvent[]
  omitted: number
}

const KEPT_EVENTS = 1_000
const KEPT_RATES = 120
/** The pages ask anew at most this often, whatever happens meanwhile. */
const REFRESH_MS = 2_000
const RECONNECT_MS = [500, 1_000, 2_000, 5_000, 10_000]

export interface Live {
  state: LiveState
  /** Newest first. */
  events: UsageEvent[]
  omitted: number
  /** Messages accepted and attempts, by second, oldest first. */
  rates: { at: number; added: number; ok: number; notOk: number }[]
}

let live: Live = { state: 'connecting', events: [], omitted: 0, rates: [] }
const watchers = new Set<() => void>()

function set(change: Partial<Live>): void {
  live = { ...live, ...change }
  for (const watcher of watchers) watcher()
}

function subscribe(watcher: () => void): () => void {
  watchers.add(watcher)
  return () => watchers.delete(watcher)
}

/** Everything that is known of the stream. */
export function useLive(): Live {
  return useSyncExternalStore(subscribe, () => live)
}

export function useLiveState(): LiveState {
  return useSyncExternalStore(subscribe, () => live.state)
}

/** How often to ask again for what the stream tells of: seldom while it does. */
export function usePolling(): number {
  return useLiveState() === 'on' ? 30_000 : 5_000
}

function note({ at, counts, events, omitted }: EventDigest): void {
  const rate = {
    at,
    added: counts.message_added ?? 0,
    ok: counts.message_published_ok ?? 0,
    notOk: counts.message_published_not_ok ?? 0,
  }
  const fresh = events.filter((event) => event.id > (live.events[0]?.id ?? ''))
  set({
    state: 'on',
    events: [...fresh, ...live.events].slice(0, KEPT_EVENTS),
    omitted: live.omitted + omitted,
    rates: [...live.rates, rate].slice(-KEPT_RATES),
  })
  refreshFor(counts)
}

const due = new Set<string>()
let timer: ReturnType<typeof setTimeout> | null = null

/** Has the pages fetch again what events of these kinds have changed. */
function refreshFor(counts: Counts): void {
  for (const type of Object.keys(counts)) {
    if (type.startsWith('api_key_')) due.add('api_keys')
    else for (const kind of ['queues', 'listeners', 'stats', 'messages', 'schedules']) due.add(kind)
  }
  if (due.size === 0 || timer !== null) return
  timer = setTimeout(() => {
    timer = null
    const kinds = [...due]
    due.clear()
    void cache.invalidateQueries({ predicate: ({ queryKey }) => kinds.includes(String(queryKey[0])) })
  }, REFRESH_MS)
}

/** Follows the stream for as long as a user is signed in and looks at the page. */
export function useLiveStream(key: string): void {
  useEffect(() => {
    const end = new AbortController()
    void follow(key, end.signal)
    return () => {
      end.abort()
      if (timer !== null) clearTimeout(timer)
      timer = null
      due.clear()
      set({ state: 'connecting', events: [], omitted: 0, rates: [] })
    }
  }, [key])
}

async function follow(key: string, end: AbortSignal): Promise<void> {
  let lastId: string | null = null
  for (let tries = 0; !end.aborted; tries++) {
    await untilSeen(end)
    try {
      for await (const event of await open(key, lastId, end)) {
        tries = 0
        if (event.id !== null) lastId = event.id
        if (event.type === 'hello') set({ state: 'on' })
        if (event.type === 'usage') note(JSON.parse(event.data) as EventDigest)
      }
      if (!end.aborted) set({ state: 'lost' })
    } catch (error) {
      if (end.aborted) return
      if (error instanceof ApiError && !error.passes) {
        if (error.status === 401) session.end('rejected')
        return set({ state: 'off' })
      }
      set({ state: 'lost' })
    }
    await wait(RECONNECT_MS[Math.min(tries, RECONNECT_MS.length - 1)]!, end)
  }
}

async function open(key: string, lastId: string | null, end: AbortSignal) {
  const hidden = new AbortController()
  const onHidden = () => document.visibilityState === 'hidden' && hidden.abort()
  document.addEventListener('visibilitychange', onHidden, { signal: end })
  const headers = { 'x-api-key': key, accept: 'text/event-stream', ...(lastId !== null && { 'last-event-id': lastId }) }
  const signal = AbortSignal.any([end, hidden.signal])
  const response = await fetch(`${API}/events/stream`, { headers, signal, credentials: 'omit', cache: 'no-store' })
  if (!response.ok || response.body === null) throw errorOf(response, await response.json().catch(() => null))
  return readEvents(response.body)
}

/** Resolves once the page is shown, or at `end`: a hidden tab needs no stream. */
function untilSeen(end: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      if (document.visibilityState === 'hidden' && !end.aborted) return
      document.removeEventListener('visibilitychange', look)
      resolve()
    }
    document.addEventListener('visibilitychange', look)
    end.addEventListener('abort', look, { once: true })
    look()
  })
}

function wait(ms: number, end: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const id = setTimeout(resolve, ms)
    end.addEventListener(
      'abort',
      () => {
        clearTimeout(id)
        resolve()
      },
      { once: true },
    )
  })
}
