import { FileCheck, Pencil, Plus, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { call } from '../../api/client.ts'
import { useDomains } from '../../api/queries.ts'
import type { Domain } from '../../api/types.ts'
import { Badge } from '../../parts/badge.tsx'
import { Button } from '../../parts/button.tsx'
import { Confirm } from '../../parts/confirm.tsx'
import { Empty } from '../../parts/empty.tsx'
import { Loaded } from '../../parts/loaded.tsx'
import { Menu } from '../../parts/menu.tsx'
import { Page } from '../../parts/page.tsx'
import { curl } from '../../parts/snippet.tsx'
import { type Column, Table } from '../../parts/table.tsx'
import { Ago } from '../../parts/time.tsx'
import { DomainDialog } from './domain-dialog.tsx'
import { placeOf, VerifyDialog } from './verify-dialog.tsx'

type Open = { what: 'none' | 'new' } | { what: 'edit' | 'verify' | 'delete'; domain: Domain }

/** Where listeners may be: hosts that the organization has shown to control. */
export function DomainsPage() {
  const domains = useDomains()
  const [open, setOpen] = useState<Open>({ what: 'none' })
  const close = () => setOpen({ what: 'none' })
  const chosen = 'domain' in open ? open.domain : undefined
  const columns: Column<Domain>[] = [
    ...COLUMNS,
    {
      title: 'Actions',
      width: '60px',
      align: 'end',
      cell: (domain) => (
        <Menu
          label={`Actions for ${domain.name}`}
          parts={[
            { title: 'Verify', icon: FileCheck, act: () => setOpen({ what: 'verify', domain }) },
            { title: 'Edit', icon: Pencil, act: () => setOpen({ what: 'edit', domain }) },
            { title: 'Delete', icon: Trash2, act: () => setOpen({ what: 'delete', domain }), danger: true },
          ]}
        />
      ),
    },
  ]
  return (
    <Page
      title="Domains"
      lead="A file there shows that a place is yours. Where the server requires it, listeners can be nowhere else."
      actions={
        <Button kind="primary" icon={Plus} onPress={() => setOpen({ what: 'new' })}>
          New domain
        </Button>
      }
    >
      <Loaded query={domains} what="domains" scope="domains: read">
        {(all) =>
          all.length === 0 ? (
            <Empty
              title="No domain is named yet"
              paste={curl('POST', '/domains', { name: 'shop', hostname: 'shop.example.com' })}
            >
              Name one, put the file there that it tells you, and have the server look for it. Or paste this line.
            </Empty>
          ) : (
            <Table label="Domains" columns={columns} rows={all} />
          )
        }
      </Loaded>
      <DomainDialog
        key={open.what === 'edit' ? open.domain.id : 'new'}
        isOpen={open.what === 'new' || open.what === 'edit'}
        domain={open.what === 'edit' ? open.domain : undefined}
        onClose={close}
        onMade={(domain) => setOpen({ what: 'verify', domain })}
      />
      {open.what === 'verify' && <VerifyDialog domain={open.domain} onClose={close} />}
      <Confirm
        title={`Delete ${chosen?.name ?? ''}?`}
        verb="Delete the domain"
        isOpen={open.what === 'delete'}
        onClose={close}
        done="The domain is deleted."
        act={() => call('DELETE', `/domains/${chosen?.id}`)}
      >
        <p>Listeners that are there stay. New ones cannot be put there where the server requires a verified domain.</p>
      </Confirm>
    </Page>
  )
}

const COLUMNS: Column<Domain>[] = [
  { title: 'Domain', width: 'minmax(0, 1fr)', cell: ({ name }) => name },
  {
    title: 'Place',
    width: 'minmax(0, 1.6fr)',
    phone: 'wide',
    cell: (domain) => <code>{placeOf(domain)}</code>,
  },
  {
    title: 'Status',
    width: '110px',
    cell: ({ status }) => <Badge tone={status === 'verified' ? 'good' : 'wait'}>{status}</Badge>,
  },
  {
    title: 'Verified until',
    width: '130px',
    align: 'end',
    phone: 'label',
    cell: ({ verified_until: until }) => (until === null ? <span className="faint">–</span> : <Ago at={until} />),
  },
]
