import type { ReactNode } from 'react'
import { Snippet } from './snippet.tsx'

/** Nothing there yet: says what to do next, with a line to paste. */
export function Empty({
  title,
  paste,
  action,
  children,
}: {
  title: string
  paste?: string
  action?: ReactNode
  children?: ReactNode
}) {
  return (
    <div className="empty">
      <h2>{title}</h2>
      {children && <p>{children}</p>}
      {action}
      {paste && <Snippet>{paste}</Snippet>}
    </div>
  )
}
