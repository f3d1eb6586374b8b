import { useState } from 'react'
import { call } from '../../api/client.ts'
import type { Message } from '../../api/types.ts'
import { Dialog } from '../../parts/dialog.tsx'
import { Moment } from '../../parts/field.tsx'
import { Form, faultAt } from '../../parts/form.tsx'
import { useChange } from '../../parts/use-change.ts'

/** Gives a message that has not started another time; an empty one is now. */
export function MoveDialog({
  isOpen,
  onClose,
  path,
  message,
}: {
  isOpen: boolean
  onClose: () => void
  path: string
  message: Message
}) {
  return (
    <Dialog title="Move this message" isOpen={isOpen} onClose={onClose}>
      <MoveForm path={path} message={message} onClose={onClose} />
    </Dialog>
  )
}

function MoveForm({ path, message, onClose }: { path: string; message: Message; onClose: () => void }) {
  // A time that is over means now, by the clock of the server; that of its acceptance is over by any.
  const [at, setAt] = useState<number | null>(message.deliver_at)
  const move = useChange(() => call('PATCH', path, { body: { deliver_at: at ?? message.created_at } }), {
    said: at === null ? 'The message is on its way.' : 'The message is moved.',
    after: onClose,
  })
  return (
    <Form
      verb={at === null ? 'Deliver now' : 'Move'}
      isPending={move.isPending}
      error={move.error}
      shown={['/deliver_at']}
      onCancel={onClose}
      onSubmit={() => move.mutate()}
    >
      <Moment
        label="Deliver at"
        value={at}
        onChange={setAt}
        hint="In your own time; empty is now."
        fault={faultAt(move.error, '/deliver_at')}
      />
    </Form>
  )
}
