import type { ReactNode } from 'react'
import { ApiError } from '../api/client.ts'
import { Button } from './button.tsx'
import { Dialog } from './dialog.tsx'
import { Fault } from './fault.tsx'
import { useChange } from './use-change.ts'

/** Asks before something that cannot be undone; `children` say what goes with it. */
export function Confirm({
  title,
  verb,
  danger = true,
  isOpen,
  onClose,
  onCancel = onClose,
  act,
  done,
  children,
}: {
  title: string
  verb: string
  danger?: boolean
  isOpen: boolean
  /** Once it is done. */
  onClose: () => void
  onCancel?: () => void
  act: () => Promise<unknown>
  /** Said once it is done. */
  done: string
  children: ReactNode
}) {
  const change = useChange(act, { said: done, after: onClose })
  const close = () => {
    change.reset()
    onCancel()
  }
  return (
    <Dialog title={title} isOpen={isOpen} onClose={close}>
      <div className="stack soft">{children}</div>
      {change.error instanceof ApiError && <Fault error={change.error} />}
      <div className="form-foot">
        <Button onPress={close}>Cancel</Button>
        <Button
          autoFocus
          kind={danger ? 'danger' : 'primary'}
          isDisabled={change.isPending}
          onPress={() => change.mutate()}
        >
          {verb}
        </Button>
      </div>
    </Dialog>
  )
}
