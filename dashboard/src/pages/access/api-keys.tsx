import { Ban, Check, Plus, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { call } from '../../api/client.ts'
import { useApiKeys, useQueues } from '../../api/queries.ts'
import type { ApiKey, Queue, Scope } from '../../api/types.ts'
import { Badge } from '../../parts/badge.tsx'
import { Button } from '../../parts/button.tsx'
import { Confirm } from '../../parts/confirm.tsx'
import { Dialog } from '../../parts/dialog.tsx'
import { Choice, Field, Switch } from '../../parts/field.tsx'
import { Form, faultAt } from '../../parts/form.tsx'
import { Loaded } from '../../parts/loaded.tsx'
import { Menu } from '../../parts/menu.tsx'
import { Page } from '../../parts/page.tsx'
import { Snippet } from '../../parts/snippet.tsx'
import { type Column, Table } from '../../parts/table.tsx'
import { Ago } from '../../parts/time.tsx'
import { useChange } from '../../parts/use-change.ts'

export function ApiKeysPage() {
  const keys = useApiKeys()
  const [creating, setCreating] = useState(false)
  const [deleting, setDeleting] = useState<ApiKey | null>(null)
  const status = useChange(
    ({ id, status: next }: { id: string; status: string }) =>
      call('PATCH', `/api_keys/${id}`, { body: { status: next } }),
    { said: 'The key is changed, at once.' },
  )
  const columns: Column<ApiKey>[] = [
    ...COLUMNS,
    {
      title: 'Actions',
      width: '60px',
      align: 'end',
      cell: (key) => {
        const enabled = key.status === 'enabled'
        return (
          <Menu
            label={`Actions for ${key.name === key.id ? key.key : key.name}`}
            parts={[
              {
                title: enabled ? 'Disable' : 'Enable',
                icon: enabled ? Ban : Check,
                act: () => status.mutate({ id: key.id, status: enabled ? 'disabled' : 'enabled' }),
              },
              { title: 'Delete', icon: Trash2, act: () => setDeleting(key), danger: true },
            ]}
          />
        )
      },
    },
  ]
  return (
    <Page
      title="API keys"
      lead="Programs send one with each request. A key is shown once, when it is made; the server keeps only its digest."
      actions={
        <Button kind="primary" icon={Plus} onPress={() => setCreating(true)}>
          New key
        </Button>
      }
    >
      {status.error && (
        <p className="fault" role="alert">
          {status.error.message}
        </p>
      )}
      <Loaded query={keys} what="the API keys" scope="api_keys: read (owner keys have it)">
        {(all) => <Table label="API keys" columns={columns} rows={all} />}
      </Loaded>
      <NewKeyDialog isOpen={creating} onClose={() => setCreating(false)} />
      <Confirm
        title={`Delete ${deleting?.name ?? 'this key'}?`}
        verb="Delete the key"
        isOpen={deleting !== null}
        onClose={() => setDeleting(null)}
        done="The key is deleted."
        act={() => call('DELETE', `/api_keys/${deleting?.id}`)}
      >
        <p>Whoever uses it is refused at once. What was done with it stays.</p>
      </Confirm>
    </Page>
  )
}

function rightsOf({ owner, scopes }: ApiKey): string {
  if (owner) return 'everything, as an owner'
  if (!scopes) return 'everything but administration'
  if (scopes.length === 0) return 'nothing'
  return scopes.map(scopeText).join(', ')
}

function scopeText({ resource, access, targets }: Scope): string {
  const all = targets === '*' || targets.includes('*')
  return `${access} ${resource}${all ? '' : ` of ${targets.length}`}`
}

const COLUMNS: Column<ApiKey>[] = [
  {
    title: 'Key',
    width: 'minmax(0, 1.5fr)',
    cell: ({ id, name, key, owner }) => (
      <span className="row">
        <span>{name === id ? 'without a name' : name}</span>
        <code className="faint">{key.slice(0, 3)}…</code>
        {owner && <Badge tone="plan">owner</Badge>}
      </span>
    ),
  },
  {
    title: 'Status',
    width: '110px',
    cell: ({ status }) => <Badge tone={status === 'enabled' ? 'good' : 'wait'}>{status}</Badge>,
  },
  {
    title: 'May',
    width: 'minmax(0, 2fr)',
    phone: 'wide',
    cell: (key) => <span className="soft">{rightsOf(key)}</span>,
  },
  {
    title: 'Last used',
    width: '110px',
    align: 'end',
    phone: 'label',
    cell: ({ last_used_at }) => <Ago at={last_used_at} />,
  },
]

const RESOURCES = ['messages', 'queues', 'listeners', 'schedules', 'schemas', 'events', 'stats', 'domains'] as const
type Access = 'none' | 'read' | 'write'

function NewKeyDialog({ isOpen, onClose }: { isOpen: boolean; onClose: () => void }) {
  const [made, setMade] = useState<string | null>(null)
  const close = () => {
    setMade(null)
    onClose()
  }
  return (
    <Dialog title={made ? 'The new key' : 'New API key'} isOpen={isOpen} onClose={close} pinned={made !== null}>
      {made === null ? (
        <NewKeyForm onClose={onClose} onMade={setMade} />
      ) : (
        <div className="stack">
          <p className="soft">It is shown only this once. Copy it to where it is used.</p>
          <Snippet label="Copy the key">{made}</Snippet>
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

function NewKeyForm({ onClose, onMade }: { onClose: () => void; onMade: (key: string) => void }) {
  const queues = useQueues()
  const [name, setName] = useState('')
  const [limited, setLimited] = useState(true)
  const [rights, setRights] = useState<Record<string, Access>>({ messages: 'write' })
  const [target, setTarget] = useState('*')
  const scopes = RESOURCES.flatMap((resource): Scope[] => {
    const access = rights[resource] ?? 'none'
    return access === 'none' ? [] : [{ resource, access, targets: target === '*' ? '*' : [target] }]
  })
  const create = useChange(
    async () => {
      const body = { ...(name && { name }), ...(limited && { scopes }) }
      return (await call<{ api_key: string }>('POST', '/api_keys', { body })).api_key
    },
    { after: onMade },
  )
  return (
    <Form
      verb="Make the key"
      isPending={create.isPending}
      isDisabled={limited && scopes.length === 0}
      error={create.error}
      shown={['/name']}
      onCancel={onClose}
      onSubmit={() => create.mutate()}
    >
      <Field
        label="Name"
        value={name}
        onChange={setName}
        autoFocus
        hint="Such as the program that uses it."
        fault={faultAt(create.error, '/name')}
      />
      <Switch isSelected={limited} onChange={setLimited}>
        Only what it needs
      </Switch>
      {limited ? (
        <>
          <div className="form-row">
            {RESOURCES.map((resource) => (
              <Choice
                key={resource}
                label={resource[0]!.toUpperCase() + resource.slice(1)}
                value={rights[resource] ?? 'none'}
                onChange={(access) => setRights({ ...rights, [resource]: access as Access })}
                options={[
                  ['none', 'nothing'],
                  ['read', 'read'],
                  ['write', 'read and write'],
                ]}
              />
            ))}
          </div>
          <Choice label="Of which queue" value={target} onChange={setTarget} options={targetsOf(queues.data ?? [])} />
        </>
      ) : (
        <p className="soft small">It may do everything in this organization, but make or change keys.</p>
      )}
    </Form>
  )
}

function targetsOf(queues: Queue[]): [string, string][] {
  return [['*', 'All queues'], ...queues.map(({ id, name }): [string, string] => [id, name])]
}
