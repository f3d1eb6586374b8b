import { useState } from 'react'
import { useLocation } from 'wouter'
import { call } from '../../api/client.ts'
import type { Listener, Queue } from '../../api/types.ts'
import { Button } from '../../parts/button.tsx'
import { Dialog } from '../../parts/dialog.tsx'
import { Choice, Field } from '../../parts/field.tsx'
import { Form, faultAt } from '../../parts/form.tsx'
import { Snippet } from '../../parts/snippet.tsx'
import { useChange } from '../../parts/use-change.ts'

type Kind = 'push' | 'pull'

interface Made {
  id: string
  secret?: string
}

/** Makes a listener of a queue, or changes the one that is given. */
export function ListenerDialog({
  isOpen,
  onClose,
  queue,
  listener,
}: {
  isOpen: boolean
  onClose: () => void
  queue: Queue
  listener?: Listener
}) {
  const [made, setMade] = useState<Made | null>(null)
  const [, go] = useLocation()
  const close = () => {
    onClose()
    if (made) go(`/queues/${queue.id}/listeners/${made.id}`)
    setMade(null)
  }
  const title = made ? 'The secret of the listener' : listener ? `Edit ${listener.name}` : 'New listener'
  return (
    <Dialog title={title} isOpen={isOpen} onClose={close} size="wide" pinned={made !== null}>
      {made?.secret ? (
        <Secret text={made.secret} onClose={close} />
      ) : (
        <ListenerForm
          queue={queue}
          listener={listener}
          onClose={onClose}
          onSaved={(saved) => (saved.secret && !listener ? setMade(saved) : onClose())}
        />
      )}
    </Dialog>
  )
}

/** Shown once: closing it takes a press. */
export function Secret({ text, onClose }: { text: string; onClose: () => void }) {
  return (
    <div className="stack">
      <p className="soft">
        Deliveries are signed with it, by the Standard Webhooks specification. It is shown only this once: copy it to
        where the listener verifies signatures.
      </p>
      <Snippet label="Copy the secret">{text}</Snippet>
      <div className="form-foot">
        <Button kind="primary" onPress={onClose}>
          I have copied it
        </Button>
      </div>
    </div>
  )
}

interface Draft {
  name: string
  kind: Kind
  notifyUrl: string
  livenessUrl: string
  timeout: string
  concurrency: string
  attempts: string
  rate: string
  ratePer: string
  ordering: string
  onMissed: string
  status: string
  headers: string
}

function draftOf(listener: Listener | undefined): Draft {
  return {
    name: listener?.name ?? '',
    kind: listener && !listener.notify_url ? 'pull' : 'push',
    notifyUrl: listener?.notify_url ?? '',
    livenessUrl: listener?.liveness_url ?? '',
    timeout: String(listener?.timeout ?? 15_000),
    concurrency: String(listener?.max_concurrency ?? 64),
    attempts: String(listener?.retry?.max_attempts ?? 16),
    rate: listener?.rate_limit ? String(listener.rate_limit.requests) : '',
    ratePer: String(listener?.rate_limit?.per ?? 1_000),
    ordering: listener?.ordering ?? 'none',
    onMissed: listener?.on_missed ?? 'continue',
    status: listener?.status ?? 'enabled',
    headers: Object.entries(listener?.headers ?? {})
      .map(([name, value]) => `${name}: ${value}`)
      .join('\n'),
  }
}

/** Only what differs from how the form began, so that a server without a setting is not asked for it. */
function changesIn(before: Draft, after: Draft): Record<string, unknown> {
  const changed = (...names: (keyof Draft)[]) => names.some((name) => before[name] !== after[name])
  return {
    ...(changed('name') && { name: after.name }),
    ...(changed('notifyUrl', 'kind') && { notify_url: after.kind === 'pull' ? null : after.notifyUrl }),
    ...(changed('livenessUrl') && { liveness_url: after.livenessUrl || null }),
    ...(changed('timeout') && { timeout: Number(after.timeout) }),
    ...(changed('concurrency') && { max_concurrency: Number(after.concurrency) }),
    ...(changed('attempts') && { retry: { max_attempts: Number(after.attempts) } }),
    ...(changed('rate', 'ratePer') && {
      rate_limit: after.rate === '' ? null : { requests: Number(after.rate), per: Number(after.ratePer) },
    }),
    ...(changed('ordering') && { ordering: after.ordering }),
    ...(changed('onMissed') && { on_missed: after.onMissed }),
    ...(changed('status') && { status: after.status }),
    ...(changed('headers') && { headers: headersIn(after.headers) }),
  }
}

function headersIn(text: string): Record<string, string> {
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  return Object.fromEntries(
    lines.map((line) => {
      const colon = line.indexOf(':')
      return colon < 0 ? [line.trim(), ''] : [line.slice(0, colon).trim(), line.slice(colon + 1).trim()]
    }),
  )
}

/** For what the server shows in place of every value that it has. */
const HIDDEN_HINT = 'Values are never shown again: a line with *** keeps the one that is set.'

const FIELDS = {
  '/name': 'name',
  '/notify_url': 'notifyUrl',
  '/liveness_url': 'livenessUrl',
  '/timeout': 'timeout',
  '/max_concurrency': 'concurrency',
  '/retry/max_attempts': 'attempts',
} as const

function ListenerForm({
  queue,
  listener,
  onClose,
  onSaved,
}: {
  queue: Queue
  listener: Listener | undefined
  onClose: () => void
  onSaved: (made: Made) => void
}) {
  const [before] = useState(() => draftOf(listener))
  const [draft, setDraft] = useState(before)
  const path = `/queues/${queue.id}/listeners`
  const save = useChange(
    async () => {
      const body = changesIn(before, draft)
      const answer = await (listener
        ? call<{ listener: Made }>('PATCH', `${path}/${listener.id}`, { body })
        : call<{ listener: Made }>('POST', path, { body }))
      return answer.listener
    },
    { said: listener ? 'The listener is changed.' : 'The listener is made.', after: onSaved },
  )
  const field = (name: keyof Draft) => {
    const at = Object.entries(FIELDS).find(([, own]) => own === name)?.[0]
    return {
      value: draft[name],
      onChange: (value: string) => setDraft((all) => ({ ...all, [name]: value })),
      fault: at === undefined ? undefined : faultAt(save.error, at),
    }
  }
  const lacksUrl = draft.kind === 'push' && draft.notifyUrl.trim() === ''
  return (
    <Form
      verb={listener ? 'Save' : 'Make the listener'}
      isPending={save.isPending}
      isDisabled={draft.name.trim() === '' || lacksUrl}
      error={save.error}
      shown={Object.keys(FIELDS)}
      onCancel={onClose}
      onSubmit={() => save.mutate()}
    >
      <div className="form-row">
        <Field label="Name" autoFocus {...field('name')} />
        <Choice
          label="How messages get there"
          options={[
            ['push', 'Posted to a URL'],
            ['pull', 'Pulled by a program'],
          ]}
          {...field('kind')}
        />
      </div>
      {draft.kind === 'push' && (
        <>
          <Field
            label="URL for messages"
            placeholder="https://shop.example.com/orders"
            {...field('notifyUrl')}
            hint="Each message is posted to it; any 2xx acknowledges."
          />
          <Field
            label="URL for liveness (optional)"
            placeholder="https://shop.example.com/alive"
            {...field('livenessUrl')}
            hint="Asked about every 30 s; without it the deliveries tell."
          />
        </>
      )}
      <details>
        <summary className="soft">Order, limits and retries</summary>
        <div className="form" style={{ paddingTop: 14 }}>
          <div className="form-row">
            <Choice
              label="Order"
              options={[
                ['none', 'None: as fast as possible'],
                ['queue', 'Of acceptance, one at a time'],
                ['key', 'Within each key'],
              ]}
              {...field('ordering')}
            />
            <Choice
              label="After a missed message"
              options={[
                ['continue', 'Go on with the next'],
                ['block', 'Wait until somebody acts'],
              ]}
              {...field('onMissed')}
            />
            <Choice
              label="Status"
              options={[
                ['enabled', 'Enabled'],
                ['disabled', 'Disabled: messages wait'],
              ]}
              {...field('status')}
            />
          </div>
          <div className="form-row">
            <Field label="Timeout (ms)" inputMode="numeric" {...field('timeout')} />
            <Field label="At once, at most" inputMode="numeric" {...field('concurrency')} />
            <Field label="Attempts" inputMode="numeric" {...field('attempts')} />
          </div>
          <div className="form-row">
            <Field label="Rate limit: requests" inputMode="numeric" {...field('rate')} hint="Empty means none." />
            <Field label="… in so many ms" inputMode="numeric" {...field('ratePer')} />
          </div>
          <Field
            label="Headers, one a line"
            rows={3}
            mono
            placeholder="x-tenant: shop"
            {...field('headers')}
            hint={draft.headers.includes('***') ? HIDDEN_HINT : undefined}
          />
        </div>
      </details>
    </Form>
  )
}
