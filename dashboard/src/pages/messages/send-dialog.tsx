import { useState } from 'react'
import { useLocation } from 'wouter'
import { call } from '../../api/client.ts'
import type { Queue, Ref } from '../../api/types.ts'
import { Dialog } from '../../parts/dialog.tsx'
import { Field, Moment } from '../../parts/field.tsx'
import { Form, faultAt } from '../../parts/form.tsx'
import { useChange } from '../../parts/use-change.ts'

/** Puts one message on a queue, and leads to its journey. */
export function SendDialog({ isOpen, onClose, queue }: { isOpen: boolean; onClose: () => void; queue: Queue }) {
  return (
    <Dialog title={`Send a message to ${queue.name}`} isOpen={isOpen} onClose={onClose}>
      <SendForm queue={queue} onClose={onClose} />
    </Dialog>
  )
}

function SendForm({ queue, onClose }: { queue: Queue; onClose: () => void }) {
  const [data, setData] = useState(queue.schema ? sampleFor(queue.schema) : '{"hello":"world"}')
  const [name, setName] = useState('')
  const [key, setKey] = useState('')
  const [at, setAt] = useState<number | null>(null)
  const [, go] = useLocation()
  const lonely = queue.listeners.length === 0
  const send = useChange(
    async () => {
      const body = { data, ...(name && { name }), ...(key && { key }), ...(at !== null && { deliver_at: at }) }
      return (await call<{ message: Ref }>('POST', `/queues/${queue.id}/messages`, { body })).message
    },
    {
      said: lonely ? 'The message is on disk, and goes to no listener.' : 'The message is on disk.',
      after: ({ id }) => {
        onClose()
        go(`/queues/${queue.id}/messages/${id}`)
      },
    },
  )
  return (
    <Form
      verb={at === null ? 'Send' : 'Schedule'}
      isPending={send.isPending}
      error={send.error}
      shown={['/data', '/name', '/key', '/deliver_at']}
      onCancel={onClose}
      onSubmit={() => send.mutate()}
    >
      {lonely && (
        <p className="fault" role="status">
          This queue has no listener: what is sent now goes nowhere, also when one is added later. Add the listener
          first.
        </p>
      )}
      <Field
        label="Data"
        value={data}
        onChange={setData}
        rows={7}
        mono
        autoFocus
        hint="Listeners get exactly this text."
        fault={faultAt(send.error, '/data')}
      />
      <div className="form-row">
        <Field label="Name (optional)" value={name} onChange={setName} fault={faultAt(send.error, '/name')} />
        <Field
          label="Key (optional)"
          value={key}
          onChange={setKey}
          hint="For listeners that keep the order by key."
          fault={faultAt(send.error, '/key')}
        />
      </div>
      <Moment label="Deliver at (optional)" value={at} onChange={setAt} hint="In your own time; empty is now." />
    </Form>
  )
}

/** A beginning to write a message of the schema from: each required property with a value of its type. */
function sampleFor(rules: Record<string, unknown>): string {
  return JSON.stringify(sampleOfProps(rules), null, 2)
}

interface AnyRule {
  type?: string
  required?: boolean
  props?: Record<string, AnyRule>
  items?: AnyRule
  enum?: string[]
  min?: number
}

function sampleOfProps(props: Record<string, unknown>): Record<string, unknown> {
  const rules = Object.entries(props) as [string, AnyRule][]
  return Object.fromEntries(
    rules.filter(([, rule]) => rule.required !== false).map(([key, rule]) => [key, sampleOf(rule)]),
  )
}

function sampleOf(rule: AnyRule): unknown {
  if (rule.type === 'object') return sampleOfProps(rule.props ?? {})
  if (rule.type === 'array') return rule.items ? [sampleOf(rule.items)] : []
  if (rule.type === 'number') return rule.min ?? 0
  return rule.enum?.[0] ?? ''
}
