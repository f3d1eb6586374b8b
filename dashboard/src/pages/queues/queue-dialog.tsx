import { lazy, Suspense, useState } from 'react'
import { useLocation } from 'wouter'
import { call } from '../../api/client.ts'
import type { Queue, Schema } from '../../api/types.ts'
import { Dialog } from '../../parts/dialog.tsx'
import { Field } from '../../parts/field.tsx'
import { Form, faultAt } from '../../parts/form.tsx'
import { useChange } from '../../parts/use-change.ts'

/** The rules of schemas come with it, so it is fetched only where the user edits one. */
const SchemaEditor = lazy(async () => ({ default: (await import('./schema-editor.tsx')).SchemaEditor }))

/** Makes a queue, or changes the one that is given. */
export function QueueDialog({ isOpen, onClose, queue }: { isOpen: boolean; onClose: () => void; queue?: Queue }) {
  return (
    <Dialog title={queue ? 'Edit the queue' : 'New queue'} isOpen={isOpen} onClose={onClose} size="wide">
      <QueueForm queue={queue} onClose={onClose} />
    </Dialog>
  )
}

/** Null is no schema; undefined is a text that is not JSON. */
function schemaIn(text: string): Schema | null | undefined {
  if (text.trim() === '') return null
  try {
    return JSON.parse(text) as Schema
  } catch {
    return undefined
  }
}

function QueueForm({ queue, onClose }: { queue: Queue | undefined; onClose: () => void }) {
  const [name, setName] = useState(queue?.name ?? '')
  const [text, setText] = useState(queue?.schema ? JSON.stringify(queue.schema, null, 2) : '')
  const [, go] = useLocation()
  const schema = schemaIn(text)
  const save = useChange(
    async () => {
      const body = { name, ...(schema === null ? (queue?.schema ? { schema: null } : {}) : { schema }) }
      const answer = await (queue
        ? call<{ queue: Queue }>('PATCH', `/queues/${queue.id}`, { body })
        : call<{ queue: Queue }>('POST', '/queues', { body }))
      return answer.queue
    },
    {
      said: queue ? 'The queue is changed.' : ({ name: made }) => `The queue ${made} is made.`,
      after: ({ id }) => {
        onClose()
        if (!queue) go(`/queues/${id}`)
      },
    },
  )
  return (
    <Form
      verb={queue ? 'Save' : 'Make the queue'}
      isPending={save.isPending}
      isDisabled={name.trim() === '' || schema === undefined}
      error={save.error}
      shown={['/name']}
      onCancel={onClose}
      onSubmit={() => save.mutate()}
    >
      <Field
        label="Name"
        value={name}
        onChange={setName}
        autoFocus
        hint="1 to 128 letters, digits and . _ / -"
        fault={faultAt(save.error, '/name')}
      />
      <Suspense fallback={<div className="bones" style={{ minHeight: 280 }} />}>
        <SchemaEditor text={text} onChange={setText} />
      </Suspense>
    </Form>
  )
}
