import { useState } from 'react'
import { beginDiscard, type DiscardRange, useDiscard, useDiscardCount } from '../../api/discards.ts'
import type { Discard, Listener } from '../../api/types.ts'
import { Dialog } from '../../parts/dialog.tsx'
import { Choice, Field } from '../../parts/field.tsx'
import { Form, faultAt } from '../../parts/form.tsx'
import { useChange } from '../../parts/use-change.ts'
import { exactNumber, plural } from '../../words/format.ts'
import { JobProgress } from './job-progress.tsx'
import { TimeRangeFields } from './time-range.tsx'

interface Started {
  id: string
  /** What was counted before; null where that was not all. */
  expected: number | null
}

/** Discards what a listener has not got: how many before, how far during. */
export function DiscardDialog({
  isOpen,
  onClose,
  queueId,
  listener,
}: {
  isOpen: boolean
  onClose: () => void
  queueId: string
  listener: Listener
}) {
  const [started, setStarted] = useState<Started | null>(null)
  const close = () => {
    setStarted(null)
    onClose()
  }
  return (
    <Dialog title={`Discard deliveries to ${listener.name}`} isOpen={isOpen} onClose={close}>
      {started === null ? (
        <RangeForm queueId={queueId} listener={listener} onClose={close} onStarted={setStarted} />
      ) : (
        <Progress queueId={queueId} {...started} onClose={close} />
      )}
    </Dialog>
  )
}

function RangeForm({
  queueId,
  listener,
  onClose,
  onStarted,
}: {
  queueId: string
  listener: Listener
  onClose: () => void
  onStarted: (started: Started) => void
}) {
  const [range, setRange] = useState<DiscardRange>({ status: 'missed', since: null, until: null, contains: '' })
  const { data: count, error } = useDiscardCount(queueId, listener.id, range)
  const start = useChange(() => beginDiscard(queueId, listener.id, range), {
    after: ({ id }) => onStarted({ id: id!, expected: count?.done ? count.matched : null }),
  })
  return (
    <Form
      verb={start.isPending ? 'Starting …' : 'Discard'}
      isPending={start.isPending}
      isDisabled={count?.done === true && count.matched === 0}
      error={start.error}
      shown={['/contains']}
      onCancel={onClose}
      onSubmit={() => start.mutate()}
    >
      <p className="soft">
        They are never sent, unless you redeliver them. What is on its way is let finish. Other listeners get their
        messages all the same.
      </p>
      <Choice
        label="Which"
        value={range.status}
        onChange={(status) => setRange({ ...range, status: status as DiscardRange['status'] })}
        options={[
          ['missed', 'Those that it missed'],
          ['pending', 'Those that are waiting'],
          ['scheduled', 'Those that are scheduled'],
        ]}
      />
      <TimeRangeFields range={range} onChange={(times) => setRange({ ...range, ...times })} />
      <Field
        label="With this text in their data"
        value={range.contains}
        onChange={(contains) => setRange({ ...range, contains })}
        fault={faultAt(start.error, '/contains')}
        hint="Empty: any"
      />
      <p className="soft" aria-live="polite">
        {countText(count, error)}
      </p>
    </Form>
  )
}

function countText(count: Discard | undefined, error: Error | null): string {
  if (error !== null) return `How many that is cannot be told: ${error.message}`
  if (count === undefined) return 'Counting …'
  if (count.matched === 0 && count.done) return 'No delivery fits: nothing would be discarded.'
  return `${count.done ? '' : 'At least '}${plural(count.matched, 'delivery', 'deliveries')} would be discarded.`
}

function Progress({ queueId, id, expected, onClose }: Started & { queueId: string; onClose: () => void }) {
  const { data, error } = useDiscard(queueId, id)
  const text = ({ matched, done }: { matched: number; done: boolean }) =>
    done
      ? `${plural(matched, 'delivery is', 'deliveries are')} discarded; that was all.`
      : `${exactNumber(matched)} so far${expected === null ? '' : `, of ${exactNumber(expected)}`}. It goes on if you close this.`
  return <JobProgress label="Discard" job={data} expected={expected} text={text} error={error} onClose={onClose} />
}
