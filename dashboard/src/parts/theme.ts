import { useSyncExternalStore } from 'react'

export type Theme = 'system' | 'light' | 'dark'

const PLACE = 'discue.theme'
const NEXT: Record<Theme, Theme> = { system: 'light', light: 'dark', dark: 'system' }
const watchers = new Set<() => void>()

function read(): Theme {
  const stored = localStorage.getItem(PLACE)
  return stored === 'light' || stored === 'dark' ? stored : 'system'
}

let theme = read()

/** Call it before anything is drawn. */
export function applyTheme(): void {
  if (theme === 'system') delete document.documentElement.dataset.theme
  else document.documentElement.dataset.theme = theme
}

export function useTheme(): [Theme, () => void] {
  const current = useSyncExternalStore(
    (watcher) => {
      watchers.add(watcher)
      return () => watchers.delete(watcher)
    },
    () => theme,
  )
  const next = () => {
    theme = NEXT[theme]
    localStorage.setItem(PLACE, theme)
    applyTheme()
    for (const watcher of watchers) watcher()
  }
  return [current, next]
}
