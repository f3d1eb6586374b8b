import type { LucideIcon } from 'lucide-react'
import type { ReactNode } from 'react'
import { Button as AriaButton, type ButtonProps } from 'react-aria-components'

interface Look {
  kind?: 'primary' | 'danger' | 'quiet'
  size?: 'small'
  icon?: LucideIcon
}

/** A button with words; `icon` stands before them. */
export function Button({ kind, size, icon: Icon, children, ...props }: ButtonProps & Look & { children?: ReactNode }) {
  return (
    <AriaButton {...props} className="button" data-kind={kind} data-size={size}>
      {Icon && <Icon size={15} aria-hidden />}
      {children}
    </AriaButton>
  )
}

/** A button without words on it: `label` says what it does. */
export function IconButton({
  icon: Icon,
  label,
  kind = 'quiet',
  size,
  ...props
}: Omit<ButtonProps, 'children'> & Look & { icon: LucideIcon; label: string }) {
  return (
    <AriaButton {...props} className="button" data-shape="square" data-kind={kind} data-size={size} aria-label={label}>
      <Icon size={16} aria-hidden />
    </AriaButton>
  )
}
