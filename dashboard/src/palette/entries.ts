import type { QueueListener, QueueSchedule } from '../api/queries.ts'
import type { Queue } from '../api/types.ts'

/** Something that the palette leads to, or does. */
export interface PaletteEntry {
  id: string
  title: string
  /** What kind of thing it is, or where it is. */
  of: string
  to: string
}

const PAGES: [title: string, to: string][] = [
  ['Overview', '/'],
  ['Queues', '/queues'],
  ['Messages', '/messages'],
  ['Schedules', '/schedules'],
  ['Usage events', '/events'],
  ['Ledger', '/ledger'],
]

const ADMINISTRATION: ['owner' | 'domains' | 'root', string, string][] = [
  ['owner', 'API keys', '/api-keys'],
  ['domains', 'Domains', '/domains'],
  ['root', 'Organizations', '/organizations'],
]

/** What is there to be found; what the key may not see is left out. */
export interface Findable {
  queues: Queue[]
  listeners: QueueListener[]
  schedules: QueueSchedule[]
  powers: { owner: boolean; root: boolean; domains: boolean } | undefined
}

/** Everything but messages, of which there may be millions: those are found by their id. */
export function entriesOf({ queues, listeners, schedules, powers }: Findable): PaletteEntry[] {
  const names = new Map(queues.map(({ id, name }) => [id, name]))
  const page = ([title, to]: [string, string]): PaletteEntry => ({ id: `page ${to}`, title, of: 'page', to })
  return [
    ...PAGES.map(page),
    ...ADMINISTRATION.filter(([power]) => powers?.[power]).map(([, title, to]) => page([title, to])),
    ...queues.map(({ id, name }) => ({ id, title: name, of: 'queue', to: `/queues/${id}` })),
    ...queues.map(({ id, name }) => ({
      ...{ id: `messages ${id}`, title: `Messages of ${name}`, of: 'queue', to: `/queues/${id}/messages` },
    })),
    ...listeners.map(({ id, name, queue_id }) => ({
      ...{ id, title: name, of: `listener of ${names.get(queue_id) ?? 'a queue'}` },
      to: `/queues/${queue_id}/listeners/${id}`,
    })),
    ...schedules.map(({ id, name, queue }) => ({
      ...{ id, title: name, of: `schedule of ${queue.name}`, to: `/queues/${queue.id}/schedules/${id}` },
    })),
    { id: 'do queue', title: 'New queue', of: 'action', to: '/queues?new' },
    { id: 'do schedule', title: 'New schedule', of: 'action', to: '/schedules?new' },
    { id: 'do message', title: 'Send a message', of: 'action', to: '/messages?new' },
  ]
}

/** More than fit into the window are no help: another letter is. */
const MOST_FOUND = 40

/** Those whose words all occur, names that begin with the text first; without a text all, as far as they fit. */
export function found(entries: readonly PaletteEntry[], text: string): PaletteEntry[] {
  const sought = text.trim().toLowerCase()
  const words = sought.split(/\s+/).filter((word) => word !== '')
  const fits = entries.filter((entry) => {
    const of = `${entry.title} ${entry.of} ${entry.id}`.toLowerCase()
    return words.every((word) => of.includes(word))
  })
  const rank = ({ title }: PaletteEntry) => {
    const name = title.toLowerCase()
    return name === sought ? 0 : name.startsWith(sought) ? 1 : name.includes(sought) ? 2 : 3
  }
  return (sought === '' ? fits : fits.toSorted((a, b) => rank(a) - rank(b))).slice(0, MOST_FOUND)
}

/** As every id of the API is. */
export function isId(text: string): boolean {
  return /^[0-9A-Za-z]{21}$/.test(text.trim())
}
