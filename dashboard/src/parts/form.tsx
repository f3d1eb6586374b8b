import type { ReactNode } from 'react'
import { ApiError } from '../api/client.ts'
import { Button } from './button.tsx'
import { Fault } from './fault.tsx'

/** The fault that the server found with one property. */
export function faultAt(error: unknown, path: string): string | undefined {
  if (!(error instanceof ApiError)) return undefined
  const fault = error.faults.find((one) => isAt(one.path, path))
  if (fault === undefined) return undefined
  const below = fault.path.slice(path.length)
  return below === '' ? fault.message : `${below} ${fault.message}`
}

/** Whether a fault is that of a property, or of something within it. */
function isAt(path: string, property: string): boolean {
  return path === property || path.startsWith(`${property}/`)
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
  const whole =
    error instanceof ApiError && !error.faults.some(({ path }) => shown.some((one) => isAt(path, one))) ? error : null
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
