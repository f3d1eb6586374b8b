import { type LucideIcon, MoreHorizontal } from 'lucide-react'
import { Menu as AriaMenu, MenuItem, MenuTrigger, Popover } from 'react-aria-components'
import { IconButton } from './button.tsx'

export interface MenuPart {
  title: string
  icon: LucideIcon
  act: () => void
  danger?: boolean
}

/** What else can be done with `label`. */
export function Menu({ label, parts }: { label: string; parts: MenuPart[] }) {
  return (
    <MenuTrigger>
      <IconButton icon={MoreHorizontal} label={label} />
      <Popover placement="bottom end">
        <AriaMenu className="menu" aria-label={label}>
          {parts.map(({ title, icon: Icon, act, danger }) => (
            <MenuItem key={title} className="menu-item" data-tone={danger && 'bad'} onAction={act}>
              <Icon size={15} aria-hidden />
              {title}
            </MenuItem>
          ))}
        </AriaMenu>
      </Popover>
    </MenuTrigger>
  )
}
