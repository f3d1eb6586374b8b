import { useState } from 'react'
import { call } from '../../api/client.ts'
import type { Domain } from '../../api/types.ts'
import { Dialog } from '../../parts/dialog.tsx'
import { Field } from '../../parts/field.tsx'
import { Form, faultAt } from '../../parts/form.tsx'
import { useChange } from '../../parts/use-change.ts'

/** Names a domain, or changes the one that is given; at another place it has to be verified again. */
export function DomainDialog({
  isOpen,
  domain,
  onClose,
  onMade,
}: {
  isOpen: boolean
  domain: Domain | undefined
  onClose: () => void
  onMade: (domain: Domain) => void
}) {
  return (
    <Dialog title={domain ? `Edit ${domain.name}` : 'New domain'} isOpen={isOpen} onClose={onClose}>
      <DomainForm domain={domain} onClose={onClose} onMade={onMade} />
    </Dialog>
  )
}

function DomainForm({
  domain,
  onClose,
  onMade,
}: {
  domain: Domain | undefined
  onClose: () => void
  onMade: (domain: Domain) => void
}) {
  const [name, setName] = useState(domain?.name ?? '')
  const [hostname, setHostname] = useState(domain?.hostname ?? '')
  const [port, setPort] = useState(String(domain?.port ?? 443))
  const save = useChange(
    async () => {
      const body = { name, hostname, port: Number(port) }
      const answer = await (domain
        ? call<{ domain: Domain }>('PATCH', `/domains/${domain.id}`, { body })
        : call<{ domain: Domain }>('POST', '/domains', { body }))
      return answer.domain
    },
    {
      said: domain ? 'The domain is changed.' : 'The domain is named.',
      after: (saved) => (saved.status === 'verified' ? onClose() : onMade(saved)),
    },
  )
  return (
    <Form
      verb={domain ? 'Save' : 'Name the domain'}
      isPending={save.isPending}
      isDisabled={name.trim() === '' || hostname.trim() === ''}
      error={save.error}
      shown={['/name', '/hostname', '/port']}
      onCancel={onClose}
      onSubmit={() => save.mutate()}
    >
      <Field label="Name" value={name} onChange={setName} autoFocus fault={faultAt(save.error, '/name')} />
      <div className="form-row">
        <Field
          label="Host"
          value={hostname}
          onChange={setHostname}
          hint="Such as shop.example.com"
          fault={faultAt(save.error, '/hostname')}
        />
        <Field
          label="Port"
          value={port}
          onChange={setPort}
          inputMode="numeric"
          hint="Of HTTPS there"
          fault={faultAt(save.error, '/port')}
        />
      </div>
    </Form>
  )
}
