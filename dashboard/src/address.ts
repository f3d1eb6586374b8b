import { useState, useSyncExternalStore } from 'react'
import { useLocation, useSearch } from 'wouter'

// Addresses are behind the #, since the paths before it are the API's: `#/queues/ID/messages?status=missed`. The library's
// own hook puts what follows the question mark before the #, from where it never goes away.
const partsOf = (hash: string) => hash.replace(/^#?\/?/, '').split('?')
const path = () => `/${partsOf(location.hash)[0]}`
const search = () => partsOf(location.hash)[1] ?? ''

function subscribe(changed: () => void): () => void {
  addEventListener('hashchange', changed)
  addEventListener('popstate', changed)
  return () => {
    removeEventListener('hashchange', changed)
    removeEventListener('popstate', changed)
  }
}

function navigate(to: string, { replace = false }: { replace?: boolean } = {}): void {
  history[replace ? 'replaceState' : 'pushState'](null, '', `#${to}`)
  dispatchEvent(new HashChangeEvent('hashchange'))
}

/** Where the router of the pages has its address from. */
export const useHashAddress = Object.assign(
  (): [string, typeof navigate] => [useSyncExternalStore(subscribe, path), navigate],
  {
    hrefs: (to: string) => `#${to}`,
    searchHook: () => useSyncExternalStore(subscribe, search),
  },
)

/** What a list is narrowed to, as a part of the address: it can be kept, sent to a colleague, and come back to. */
export function useFilters(): [URLSearchParams, (filters: Record<string, string | null | undefined>) => void] {
  const filters = new URLSearchParams(useSearch())
  const [at, go] = useLocation()
  return [
    filters,
    (chosen) => {
      const said = Object.entries(chosen).flatMap(([name, value]) => (value ? [[name, value]] : []))
      const text = new URLSearchParams(said).toString()
      go(text === '' ? at : `${at}?${text}`, { replace: true })
    },
  ]
}

/** Whether the dialog of a page for something new is open: by a press, or because the address says `?new`. */
export function useOpened(): [boolean, (isOpen: boolean) => void] {
  const isAsked = new URLSearchParams(useSearch()).has('new')
  const [isOpen, setOpen] = useState(false)
  const [at, go] = useLocation()
  return [
    isOpen || isAsked,
    (open) => {
      setOpen(open)
      if (!open && isAsked) go(at, { replace: true })
    },
  ]
}
