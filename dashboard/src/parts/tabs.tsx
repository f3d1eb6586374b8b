import type { ReactNode } from 'react'
import { Tabs as AriaTabs, Tab, TabList, TabPanel } from 'react-aria-components'

export interface TabPart {
  id: string
  title: string
  content: ReactNode
}

/** `selected` lives with the caller, so that it can be a part of the address. */
export function Tabs({
  label,
  parts,
  selected,
  onSelect,
}: {
  label: string
  parts: TabPart[]
  selected: string
  onSelect: (id: string) => void
}) {
  return (
    <AriaTabs className="tabs" selectedKey={selected} onSelectionChange={(id) => onSelect(String(id))}>
      <TabList className="tab-list" aria-label={label}>
        {parts.map(({ id, title }) => (
          <Tab key={id} id={id} className="tab">
            {title}
          </Tab>
        ))}
      </TabList>
      {parts.map(({ id, content }) => (
        <TabPanel key={id} id={id} className="tab-panel">
          {content}
        </TabPanel>
      ))}
    </AriaTabs>
  )
}
