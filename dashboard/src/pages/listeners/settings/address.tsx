import type { DeliveryMethod } from '../../../api/types.ts'
import { Choice, Field } from '../../../parts/field.tsx'
import type { Section } from './section.ts'

type Name = 'name' | 'kind' | 'notifyUrl' | 'method' | 'livenessUrl'

const METHODS: Record<DeliveryMethod, string> = {
  POST: 'POST',
  PUT: 'PUT',
  PATCH: 'PATCH',
  DELETE: 'DELETE',
  GET: 'GET, without a body',
}

/** The name of a listener, and where its messages go. */
export const address: Section<Name> = {
  title: 'Address',
  typedOf: (listener) => ({
    name: listener?.name ?? '',
    kind: listener && !listener.notify_url ? 'pull' : 'push',
    notifyUrl: listener?.notify_url ?? '',
    method: listener?.method ?? 'POST',
    livenessUrl: listener?.liveness_url ?? '',
  }),
  bodyOf: ({ name, kind, notifyUrl, method, livenessUrl }) => ({
    name,
    notify_url: kind === 'pull' ? null : notifyUrl,
    method,
    liveness_url: livenessUrl || null,
  }),
  faults: { '/name': 'name', '/notify_url': 'notifyUrl', '/liveness_url': 'livenessUrl' },
  Fields: ({ typed, field }) => (
    <>
      <div className="form-row">
        <Field label="Name" autoFocus {...field('name')} />
        <Choice
          label="How messages get there"
          options={[
            ['push', 'Sent to a URL'],
            ['pull', 'Pulled by a program'],
          ]}
          {...field('kind')}
        />
      </div>
      {typed.kind === 'push' && (
        <>
          <Field
            label="URL for messages"
            placeholder="https://shop.example.com/orders"
            {...field('notifyUrl')}
            hint="Each message is sent to it; any 2xx acknowledges."
          />
          <div className="form-row">
            <Choice label="Method" options={Object.entries(METHODS)} {...field('method')} />
            <Field
              label="URL for liveness (optional)"
              placeholder="https://shop.example.com/alive"
              {...field('livenessUrl')}
              hint="Asked about every 30 s; without it the deliveries tell."
            />
          </div>
        </>
      )}
    </>
  ),
  facts: ({ method, notify_url }) => (notify_url ? [['Method', method]] : []),
}
