import type { ReactNode } from 'react'
import { ApiError } from '../api/client.ts'
import { Button } from './button.tsx'
import { Fault } from './fault.tsx'

/** The fault that the server found with one property. */
export function faultAt(error: unknown, path: string): string | undefined {
  if (!(error instanceof ApiError)) return undefined
  return error.faults.find((fault) => fault.path === path)?.message
}

/** A form in a dialog or on a page; it is sent by Enter as well. */
export function Form({
  onSubmit,
  onCancel,
  verb,
  isPending,
  isDisabled,
  error,
  shown = [],
  children,
}: {
  onSubmit: () => void
  onCancel?: () => void
  verb: string
  isPending: boolean
  isDisabled?: boolean
  error: unknown
  /** The properties whose faults are told beside their fields. */
  shown?: string[]
  children: ReactNode
}) {
  const whole = error instanceof ApiError && !error.faults.some(({ path }) => shown.includes(path)) ? error : null
  return (
    <form
      className="form"
      onSubmit={(event) => {
        event.preventDefault()
        if (!isPending && isDisabled !== true) onSubmit()
      }}
    >
      {children}
      {whole && <Fault error={whole} />}
      <div className="form-foot">
        {onCancel && <Button onPress={onCancel}>Cancel</Button>}
        <Button type="submit" kind="primary" isDisabled={isPending || isDisabled}>
          {verb}
        </Button>
      </div>
    </form>
  )
}
