import { useQuery } from '@tanstack/react-query'
import { useMemo, useState } from 'react'
import { Dialog, Modal, ModalOverlay } from 'react-aria-components'
import { useLocation } from 'wouter'
import { ApiError } from '../api/client.ts'
import { queueOf } from '../api/message-queue.ts'
import { useAllListeners, useAllSchedules, usePowers, useQueues } from '../api/queries.ts'
import { entriesOf, found, isId, type PaletteEntry } from './entries.ts'

/** Finds whatever has a name, a message by its id, and what can be done; by keyboard alone. */
export function Palette({ onClose }: { onClose: () => void }) {
  return (
    <ModalOverlay className="veil palette-veil" isOpen isDismissable onOpenChange={(open) => !open && onClose()}>
      <Modal className="modal palette">
        <Dialog className="dialog" aria-label="Find anything">
          <Finder onClose={onClose} />
        </Dialog>
      </Modal>
    </ModalOverlay>
  )
}

function Finder({ onClose }: { onClose: () => void }) {
  const [text, setText] = useState('')
  const [chosen, setChosen] = useState(0)
  const [, go] = useLocation()
  const results = useResults(text)
  const at = Math.min(chosen, Math.max(0, results.length - 1))
  const open = (entry: PaletteEntry | undefined) => {
    if (entry === undefined) return
    onClose()
    go(entry.to)
  }
  const press = (event: React.KeyboardEvent) => {
    const steps: Record<string, number> = { ArrowDown: 1, ArrowUp: -1 }
    const step = steps[event.key]
    if (event.key === 'Enter') open(results[at])
    else if (step !== undefined && results.length > 0) setChosen((at + step + results.length) % results.length)
    else return
    event.preventDefault()
  }
  return (
    <>
      <input
        className="input"
        // biome-ignore lint/a11y/noAutofocus: it was opened to type into it
        autoFocus
        role="combobox"
        aria-label="Find a queue, a listener, a schedule, a page, an action, or a message by its id"
        aria-expanded
        aria-controls="palette-results"
        aria-activedescendant={results.length > 0 ? `palette-${at}` : undefined}
        placeholder="Queue, listener, schedule, page, action, or the id of a message"
        value={text}
        onKeyDown={press}
        onChange={({ target }) => {
          setText(target.value)
          setChosen(0)
        }}
      />
      <Results results={results} at={at} onOpen={open} />
      {results.length === 0 && <p className="soft">Nothing has this name. A message is found by its whole id.</p>}
    </>
  )
}

function Results({
  results,
  at,
  onOpen,
}: {
  results: PaletteEntry[]
  at: number
  onOpen: (entry: PaletteEntry) => void
}) {
  return (
    <div id="palette-results" className="palette-results" role="listbox" aria-label="Found">
      {results.map((entry, index) => (
        // biome-ignore lint/a11y/useKeyWithClickEvents: keys are the field's, which keeps the focus
        <div
          key={entry.id}
          id={`palette-${index}`}
          role="option"
          tabIndex={-1}
          aria-selected={index === at}
          ref={index === at ? scrollIntoView : undefined}
          onClick={() => onOpen(entry)}
        >
          <span className="clip">{entry.title}</span>
          <span className="small soft">{entry.of}</span>
        </div>
      ))}
    </div>
  )
}

function scrollIntoView(element: HTMLElement | null): void {
  element?.scrollIntoView({ block: 'nearest' })
}

function useResults(text: string): PaletteEntry[] {
  const [queues, listeners, powers] = [useQueues(), useAllListeners(), usePowers()]
  const schedules = useAllSchedules(queues.data)
  const message = useMessageEntry(text.trim())
  const entries = useMemo(
    () =>
      entriesOf({
        queues: queues.data ?? [],
        listeners: listeners.data ?? [],
        schedules: schedules.data ?? [],
        powers: powers.data,
      }),
    [queues.data, listeners.data, schedules.data, powers.data],
  )
  return useMemo(() => [...(message === null ? [] : [message]), ...found(entries, text)], [entries, text, message])
}

/** The message of an id, whichever queue it is on; null where there is none, or the text is no id. */
function useMessageEntry(text: string): PaletteEntry | null {
  const query = useQuery({
    queryKey: ['message of id', text],
    queryFn: async () => {
      try {
        return await queueOf(text)
      } catch (error) {
        if (error instanceof ApiError && (error.status === 404 || error.isForbidden)) return null
        throw error
      }
    },
    enabled: isId(text),
  })
  return useMemo(
    () => (query.data ? { id: text, title: text, of: 'message', to: `/queues/${query.data}/messages/${text}` } : null),
    [query.data, text],
  )
}
