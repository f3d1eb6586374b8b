import { useState } from 'react'
import { useLocation } from 'wouter'
import type { Listener, Queue } from '../../api/types.ts'
import { Dialog } from '../../parts/dialog.tsx'
import { ListenerForm, type Saved } from './listener-form.tsx'
import { Secret } from './secret.tsx'

/** Creates a listener of a queue, or changes the one that is given. */
export function ListenerDialog({
  isOpen,
  onClose,
  queue,
  listener,
}: {
  isOpen: boolean
  onClose: () => void
  queue: Queue
  listener?: Listener
}) {
  const [created, setCreated] = useState<Saved | null>(null)
  const [, go] = useLocation()
  const close = () => {
    onClose()
    if (created) go(`/queues/${queue.id}/listeners/${created.id}`)
    setCreated(null)
  }
  const title = created ? 'The secret of the listener' : listener ? `Edit ${listener.name}` : 'New listener'
  return (
    <Dialog title={title} isOpen={isOpen} onClose={close} size="wide" pinned={created !== null}>
      {created?.secret ? (
        <Secret text={created.secret} onClose={close} />
      ) : (
        <ListenerForm
          queueId={queue.id}
          listener={listener}
          onClose={onClose}
          onSaved={(saved) => (saved.secret && !listener ? setCreated(saved) : onClose())}
        />
      )}
    </Dialog>
  )
}
