import { useSyncExternalStore } from 'react'

interface Toast {
  id: number
  text: string
  tone: 'good' | 'bad'
}

const SHOWN_MS = 5_000
const MAX_SHOWN = 4

let toasts: readonly Toast[] = []
let lastId = 0
const watchers = new Set<() => void>()

function set(next: readonly Toast[]): void {
  toasts = next
  for (const watcher of watchers) watcher()
}

/** Says something in a corner for a while, and to screen readers. */
export function say(text: string, tone: Toast['tone'] = 'good'): void {
  const id = ++lastId
  set([...toasts, { id, text, tone }].slice(-MAX_SHOWN))
  setTimeout(() => set(toasts.filter((toast) => toast.id !== id)), SHOWN_MS)
}

export function Toasts() {
  const shown = useSyncExternalStore(
    (watcher) => {
      watchers.add(watcher)
      return () => watchers.delete(watcher)
    },
    () => toasts,
  )
  return (
    <div className="toasts" role="status" aria-live="polite">
      {shown.map(({ id, text, tone }) => (
        <div key={id} className="toast" data-tone={tone}>
          {text}
        </div>
      ))}
    </div>
  )
}
