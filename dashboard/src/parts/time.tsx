import { useSyncExternalStore } from 'react'
import { distance, fullTime } from '../words/format.ts'

const TICK_MS = 1_000
let now = Date.now()
const watchers = new Set<() => void>()
let timer: ReturnType<typeof setInterval> | null = null

/** One clock for the whole page, which stands still while the page is hidden. */
function watch(watcher: () => void): () => void {
  watchers.add(watcher)
  timer ??= setInterval(() => {
    now = Date.now()
    for (const each of watchers) each()
  }, TICK_MS)
  return () => {
    watchers.delete(watcher)
    if (watchers.size > 0 || timer === null) return
    clearInterval(timer)
    timer = null
  }
}

export function useNow(): number {
  return useSyncExternalStore(watch, () => now)
}

/** "12 s ago", and the exact time when the user points at it. */
export function Ago({ at }: { at: number | null | undefined }) {
  const moment = useNow()
  if (at === null || at === undefined) return <span className="faint">never</span>
  return (
    <time className="nowrap num" dateTime={new Date(at).toISOString()} title={fullTime(at)}>
      {distance(at, moment)}
    </time>
  )
}
