import { useState } from 'react'
import { useLocation } from 'wouter'
import { call } from '../../api/client.ts'
import type { Queue, Ref } from '../../api/types.ts'
import { Dialog } from '../../parts/dialog.tsx'
import { Field, Moment, Span } from '../../parts/field.tsx'
import { Form, faultAt } from '../../parts/form.tsx'
import { useChange } from '../../parts/use-change.ts'
import { isLength } from '../../words/spans.ts'
import { bodyOf, type Draft, newDraft } from './draft.ts'

const SHOWN = ['/data', '/content_type', '/name', '/key', '/headers', '/deliver_at', '/expires_in']

/** Puts one message on a queue, and leads to its journey; `from` is what it begins with. */
export function SendDialog({
  isOpen,
  onClose,
  queue,
  from,
}: {
  isOpen: boolean
  onClose: () => void
  queue: Queue
  from?: Draft
}) {
  return (
    <Dialog title={`Send a message to ${queue.name}`} isOpen={isOpen} onClose={onClose}>
      <SendForm queue={queue} from={from ?? newDraft(queue)} onClose={onClose} />
    </Dialog>
  )
}

function SendForm({ queue, from, onClose }: { queue: Queue; from: Draft; onClose: () => void }) {
  const [draft, setDraft] = useState(from)
  const [, go] = useLocation()
  const lonely = queue.listeners.length === 0
  const send = useChange(
    async () => (await call<{ message: Ref }>('POST', `/queues/${queue.id}/messages`, { body: bodyOf(draft) })).message,
    {
      said: lonely ? 'The message is on disk, and goes to no listener.' : 'The message is on disk.',
      after: ({ id }) => {
        onClose()
        go(`/queues/${queue.id}/messages/${id}`)
      },
    },
  )
  const text = (
    name: keyof Draft & ('data' | 'contentType' | 'name' | 'key' | 'headers' | 'expiresAfter'),
    path: string,
  ) => ({
    value: draft[name],
    onChange: (value: string) => setDraft({ ...draft, [name]: value }),
    fault: faultAt(send.error, path),
  })
  return (
    <Form
      verb={draft.deliverAt === null ? 'Send' : 'Schedule'}
      isPending={send.isPending}
      isDisabled={!isLength(draft.expiresAfter)}
      error={send.error}
      shown={SHOWN}
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
        label={from.bytes === null ? 'Data' : 'Text to send in place of the bytes (optional)'}
        {...text('data', '/data')}
        rows={7}
        mono
        autoFocus
        hint="Listeners get exactly this text."
      />
      <Field
        label="Content-Type (optional)"
        {...text('contentType', '/content_type')}
        hint="Empty: JSON where the data is JSON, else plain text."
      />
      <div className="form-row">
        <Field label="Name (optional)" {...text('name', '/name')} />
        <Field label="Key (optional)" {...text('key', '/key')} hint="For listeners that keep the order by key." />
      </div>
      <div className="form-row">
        <Moment
          label="Deliver at (optional)"
          value={draft.deliverAt}
          onChange={(deliverAt) => setDraft({ ...draft, deliverAt })}
          hint="In your own time; empty is now."
          fault={faultAt(send.error, '/deliver_at')}
        />
        <Span label="Expires after (optional)" {...text('expiresAfter', '/expires_in')} />
      </div>
      <Field
        label="Headers, one a line (optional)"
        {...text('headers', '/headers')}
        rows={2}
        mono
        placeholder="x-tenant: shop"
        hint="Sent with each delivery; a listener's own of the same name win."
      />
    </Form>
  )
}
