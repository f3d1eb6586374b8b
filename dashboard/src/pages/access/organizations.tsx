import { Pencil, Plus, Snowflake, Sun, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { call } from '../../api/client.ts'
import { useOrganizations } from '../../api/queries.ts'
import type { Organization } from '../../api/types.ts'
import { Badge } from '../../parts/badge.tsx'
import { Button } from '../../parts/button.tsx'
import { Confirm } from '../../parts/confirm.tsx'
import { Dialog } from '../../parts/dialog.tsx'
import { Field } from '../../parts/field.tsx'
import { Form, faultAt } from '../../parts/form.tsx'
import { Loaded } from '../../parts/loaded.tsx'
import { Menu } from '../../parts/menu.tsx'
import { Page } from '../../parts/page.tsx'
import { Snippet } from '../../parts/snippet.tsx'
import { type Column, Table } from '../../parts/table.tsx'
import { Ago } from '../../parts/time.tsx'
import { useChange } from '../../parts/use-change.ts'
import { number } from '../../words/format.ts'

type LimitName = keyof Organization['limits']

const LIMIT_NAMES: Record<LimitName, string> = {
  queues: 'Queues',
  listeners: 'Listeners',
  api_keys: 'API keys',
  schedules: 'Schedules',
  stored_messages: 'Stored messages',
  messages_per_day: 'Messages a day',
  requests_per_minute: 'Requests a minute',
}
const LIMITS = Object.entries(LIMIT_NAMES) as [LimitName, string][]

type Open = { what: 'none' | 'new' } | { what: 'edit' | 'delete'; organization: Organization }

/** For the root key: every organization of this server. */
export function OrganizationsPage() {
  const organizations = useOrganizations()
  const [open, setOpen] = useState<Open>({ what: 'none' })
  const close = () => setOpen({ what: 'none' })
  const freeze = useChange(
    ({ id, status }: { id: string; status: string }) => call('PATCH', `/api_clients/${id}`, { body: { status } }),
    { said: 'The organization is changed.' },
  )
  const columns: Column<Organization>[] = [
    ...COLUMNS,
    {
      title: 'Actions',
      width: '60px',
      align: 'end',
      cell: (organization) => {
        const frozen = organization.status === 'frozen'
        const edit = { title: 'Name and limits', icon: Pencil, act: () => setOpen({ what: 'edit', organization }) }
        if (organization.root) return <Menu label={`Actions for ${organization.name}`} parts={[edit]} />
        return (
          <Menu
            label={`Actions for ${organization.name}`}
            parts={[
              edit,
              {
                title: frozen ? 'Thaw' : 'Freeze',
                icon: frozen ? Sun : Snowflake,
                act: () => freeze.mutate({ id: organization.id, status: frozen ? 'active' : 'frozen' }),
              },
              { title: 'Delete', icon: Trash2, act: () => setOpen({ what: 'delete', organization }), danger: true },
            ]}
          />
        )
      },
    },
  ]
  return (
    <Page
      title="Organizations"
      lead="Each has its own queues, keys and limits, and sees nothing of the others."
      actions={
        <Button kind="primary" icon={Plus} onPress={() => setOpen({ what: 'new' })}>
          New organization
        </Button>
      }
    >
      {freeze.error && (
        <p className="fault" role="alert">
          {freeze.error.message}
        </p>
      )}
      <Loaded query={organizations} what="the organizations" scope="only the root key has it">
        {(all) => <Table label="Organizations" columns={columns} rows={all} />}
      </Loaded>
      <OrganizationDialog
        key={open.what === 'edit' ? open.organization.id : 'new'}
        isOpen={open.what === 'new' || open.what === 'edit'}
        organization={open.what === 'edit' ? open.organization : undefined}
        onClose={close}
      />
      <Confirm
        title={`Delete ${open.what === 'delete' ? open.organization.name : ''}?`}
        verb="Delete the organization and all in it"
        isOpen={open.what === 'delete'}
        onClose={close}
        done="The organization is deleted."
        act={() => call('DELETE', `/api_clients/${open.what === 'delete' ? open.organization.id : ''}`)}
      >
        <p>
          Its keys stop working and its deliveries end at once. All its queues, listeners, messages and schedules are
          removed for good.
        </p>
      </Confirm>
    </Page>
  )
}

function limitsText({ limits }: Organization): string {
  const set = LIMITS.filter(([key]) => limits[key] !== null)
  return set.length === 0
    ? 'none'
    : set.map(([key, name]) => `${name.toLowerCase()} ${number(limits[key]!)}`).join(', ')
}

const COLUMNS: Column<Organization>[] = [
  {
    title: 'Organization',
    width: 'minmax(0, 1.4fr)',
    cell: ({ name, root }) => (
      <span className="row">
        {name}
        {root && <Badge tone="plan">root</Badge>}
      </span>
    ),
  },
  {
    title: 'Status',
    width: '100px',
    cell: ({ status }) => <Badge tone={status === 'active' ? 'good' : 'wait'}>{status}</Badge>,
  },
  {
    title: 'Limits',
    width: 'minmax(0, 2fr)',
    phone: 'wide',
    cell: (organization) => <span className="soft">{limitsText(organization)}</span>,
  },
  { title: 'Made', width: '110px', align: 'end', phone: 'label', cell: ({ created_at }) => <Ago at={created_at} /> },
]

function OrganizationDialog({
  isOpen,
  organization,
  onClose,
}: {
  isOpen: boolean
  organization: Organization | undefined
  onClose: () => void
}) {
  const [key, setKey] = useState<string | null>(null)
  const close = () => {
    setKey(null)
    onClose()
  }
  const title = key ? 'Its owner key' : organization ? `Edit ${organization.name}` : 'New organization'
  return (
    <Dialog title={title} isOpen={isOpen} onClose={close} pinned={key !== null}>
      {key === null ? (
        <OrganizationForm
          organization={organization}
          onClose={close}
          onMade={(made) => (made ? setKey(made) : close())}
        />
      ) : (
        <div className="stack">
          <p className="soft">With it the organization makes its own keys. It is shown only this once.</p>
          <Snippet label="Copy the key">{key}</Snippet>
          <div className="form-foot">
            <Button kind="primary" onPress={close}>
              I have copied it
            </Button>
          </div>
        </div>
      )}
    </Dialog>
  )
}

function OrganizationForm({
  organization,
  onClose,
  onMade,
}: {
  organization: Organization | undefined
  onClose: () => void
  onMade: (key: string | null) => void
}) {
  const [name, setName] = useState(organization?.name ?? '')
  const [limits, setLimits] = useState<Record<string, string>>(() =>
    Object.fromEntries(LIMITS.map(([key]) => [key, organization?.limits[key]?.toString() ?? ''])),
  )
  const save = useChange(
    async () => {
      const numbers = Object.fromEntries(
        LIMITS.map(([key]) => [key, limits[key] === '' ? null : Number(limits[key])] as const),
      )
      const body = { name, limits: numbers }
      if (organization) {
        await call('PATCH', `/api_clients/${organization.id}`, { body })
        return null
      }
      return (await call<{ api_key: string }>('POST', '/api_clients', { body })).api_key
    },
    { said: organization ? 'The organization is changed.' : 'The organization is made.', after: onMade },
  )
  const shown = ['/name', ...LIMITS.map(([key]) => `/limits/${key}`)]
  return (
    <Form
      verb={organization ? 'Save' : 'Make the organization'}
      isPending={save.isPending}
      isDisabled={name.trim() === ''}
      error={save.error}
      shown={shown}
      onCancel={onClose}
      onSubmit={() => save.mutate()}
    >
      <Field
        label="Name"
        value={name}
        onChange={setName}
        autoFocus
        hint="Such as example.com/dev"
        fault={faultAt(save.error, '/name')}
      />
      <p className="field-label">Limits; empty means none</p>
      <div className="form-row">
        {LIMITS.map(([key, label]) => (
          <Field
            key={key}
            label={label}
            inputMode="numeric"
            value={limits[key]!}
            onChange={(value) => setLimits({ ...limits, [key]: value })}
            fault={faultAt(save.error, `/limits/${key}`)}
          />
        ))}
      </div>
    </Form>
  )
}
