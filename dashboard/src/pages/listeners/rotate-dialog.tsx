import { useState } from 'react'
import { call } from '../../api/client.ts'
import { Confirm } from '../../parts/confirm.tsx'
import { Dialog } from '../../parts/dialog.tsx'
import { Secret } from './secret.tsx'

interface Rotated {
  secret?: string
  public_key?: string
}

/** Makes a new signing secret, and shows it this once. */
export function RotateDialog({
  isOpen,
  onClose,
  path,
  name,
}: {
  isOpen: boolean
  onClose: () => void
  path: string
  name: string
}) {
  const [secret, setSecret] = useState<string | null>(null)
  const close = () => {
    setSecret(null)
    onClose()
  }
  if (secret !== null) {
    return (
      <Dialog title="The new secret" isOpen={isOpen} onClose={close} pinned>
        <Secret text={secret} onClose={close} />
      </Dialog>
    )
  }
  return (
    <Confirm
      title={`Rotate the secret of ${name}?`}
      verb="Make a new secret"
      danger={false}
      isOpen={isOpen}
      onClose={() => undefined}
      onCancel={close}
      done="The secret is rotated."
      act={async () => {
        const { listener } = await call<{ listener: Rotated }>('PATCH', path, { body: { secret: 'rotate' } })
        // Of a private key, which is not shown, receivers need the public one.
        setSecret(listener.secret ?? listener.public_key ?? null)
      }}
    >
      <p>Deliveries are signed with both the old and the new one for 24 hours, so that nothing is refused meanwhile.</p>
    </Confirm>
  )
}
