import { useState } from 'react'
import { call } from '../../api/client.ts'
import type { Listener } from '../../api/types.ts'
import { Form, faultAt } from '../../parts/form.tsx'
import { useChange } from '../../parts/use-change.ts'
import { address } from './settings/address.tsx'
import { changesIn, type FieldState, type Section, type Typed } from './settings/section.ts'
import { SECTIONS } from './settings/sections.ts'

export interface Saved {
  id: string
  /** There only where it was made just now. */
  secret?: string
}

/** Every section's fields; the sections with their changes make up one request. */
const ALL: readonly Section[] = [address, ...SECTIONS]
const SHOWN = ALL.flatMap(({ faults }) => Object.keys(faults))

export function ListenerForm({
  queueId,
  listener,
  onClose,
  onSaved,
}: {
  queueId: string
  listener: Listener | undefined
  onClose: () => void
  onSaved: (saved: Saved) => void
}) {
  const [before] = useState(() => new Map(ALL.map((section) => [section, section.typedOf(listener)])))
  const [typed, setTyped] = useState(before)
  const save = useChange(
    async () => {
      const body = Object.assign({}, ...ALL.map((one) => changesIn(one, before.get(one)!, typed.get(one)!)))
      const path = `/queues/${queueId}/listeners`
      const answer = await (listener
        ? call<{ listener: Saved }>('PATCH', `${path}/${listener.id}`, { body })
        : call<{ listener: Saved }>('POST', path, { body }))
      return answer.listener
    },
    { said: listener ? 'The listener is changed.' : 'The listener is created.', after: onSaved },
  )
  const partsOf = (section: Section) => ({
    section,
    typed: typed.get(section)!,
    error: save.error,
    onType: (name: string, value: string) =>
      setTyped((all) => new Map(all).set(section, { ...all.get(section)!, [name]: value })),
  })
  const { name, kind, notifyUrl } = typed.get(address)!
  const lacksUrl = kind === 'push' && notifyUrl!.trim() === ''
  return (
    <Form
      verb={listener ? 'Save' : 'Create the listener'}
      isPending={save.isPending}
      isDisabled={name!.trim() === '' || lacksUrl}
      error={save.error}
      shown={SHOWN}
      onCancel={onClose}
      onSubmit={() => save.mutate()}
    >
      <SectionFields {...partsOf(address)} />
      {SECTIONS.filter(({ pushOnly }) => kind === 'push' || !pushOnly).map((section) => (
        <Folded key={section.title} {...partsOf(section)} />
      ))}
    </Form>
  )
}

interface Parts {
  section: Section
  typed: Typed
  error: unknown
  onType: (name: string, value: string) => void
}

function SectionFields({ section: { Fields, faults }, typed, error, onType }: Parts) {
  const field = (name: string): FieldState => {
    const path = Object.entries(faults).find(([, own]) => own === name)?.[0]
    return {
      value: typed[name]!,
      onChange: (value) => onType(name, value),
      fault: path === undefined ? undefined : faultAt(error, path),
    }
  }
  return <Fields typed={typed} field={field} />
}

/** Opens by itself where the server found a fault within: what is folded away is not seen. */
function Folded(parts: Parts) {
  const [isOpen, setOpen] = useState(false)
  const hasFault = Object.keys(parts.section.faults).some((path) => faultAt(parts.error, path) !== undefined)
  return (
    <details className="form-section" open={isOpen || hasFault} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{parts.section.title}</summary>
      <div className="form">
        <SectionFields {...parts} />
      </div>
    </details>
  )
}
