import { useSyncExternalStore } from 'react'

const PLACE = 'discue.key'

/** Why there is no key any more, told on the page for signing in. */
export type Ending = 'none' | 'rejected'

let key = sessionStorage.getItem(PLACE)
let ending: Ending = 'none'
const watchers = new Set<() => void>()

function changed(): void {
  for (const watcher of watchers) watcher()
}

/** The key lives as long as the tab: sessionStorage and nowhere else, never in a URL. */
export const session = {
  key: () => key,
  ending: () => ending,
  begin(text: string): void {
    key = text
    ending = 'none'
    sessionStorage.setItem(PLACE, text)
    changed()
  },
  end(why: Ending): void {
    if (key === null) return
    key = null
    ending = why
    sessionStorage.removeItem(PLACE)
    changed()
  },
}

export function useSessionKey(): string | null {
  return useSyncExternalStore(
    (watcher) => {
      watchers.add(watcher)
      return () => watchers.delete(watcher)
    },
    () => key,
  )
}
