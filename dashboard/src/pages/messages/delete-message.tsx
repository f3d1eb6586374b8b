import { useLocation } from 'wouter'
import { call } from '../../api/client.ts'
import type { Message } from '../../api/types.ts'
import { Confirm } from '../../parts/confirm.tsx'

/** Asks before a message is deleted, or cancelled where it has not started. */
export function DeleteMessage({
  isOpen,
  onClose,
  queueId,
  message,
}: {
  isOpen: boolean
  onClose: () => void
  queueId: string
  message: Message
}) {
  const [, go] = useLocation()
  const scheduled = message.status === 'scheduled'
  return (
    <Confirm
      title={scheduled ? 'Cancel this message?' : 'Delete this message?'}
      verb={scheduled ? 'Cancel the message' : 'Delete the message'}
      isOpen={isOpen}
      onClose={onClose}
      done={scheduled ? 'The message is cancelled.' : 'The message is deleted.'}
      act={async () => {
        await call('DELETE', `/queues/${queueId}/messages/${message.id}`)
        go(`/queues/${queueId}/messages`)
      }}
    >
      {scheduled ? (
        <p>It is deleted, and never sent.</p>
      ) : (
        <p>
          What is still pending of it is cancelled, and its journey is gone. A message on the wire may still arrive.
        </p>
      )}
    </Confirm>
  )
}
