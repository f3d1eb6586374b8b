import { useState } from 'react'
import { call } from '../../api/client.ts'
import {
  type RedeliveryCount,
  type RedeliveryRange,
  useRedelivery,
  useRedeliveryCount,
} from '../../api/redeliveries.ts'
import type { Listener, Redelivery } from '../../api/types.ts'
import { Dialog } from '../../parts/dialog.tsx'
import { Choice, Switch } from '../../parts/field.tsx'
import { Form } from '../../parts/form.tsx'
import { useChange } from '../../parts/use-change.ts'
import { exactNumber, plural } from '../../words/format.ts'
import { JobProgress } from './job-progress.tsx'
import { TimeRangeFields } from './time-range.tsx'

const DAY_MS = 86_400_000

interface Started {
  id: string
  /** What was counted before; null where the counting had not ended. */
  expected: number | null
}

/** Sends messages of a stretch of time to a listener once more: how many before, how far during. */
export function RedeliverDialog({
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
    <Dialog title={`Redeliver to ${listener.name}`} isOpen={isOpen} onClose={close}>
      {started === null ? (
        <RangeForm queueId={queueId} listener={listener} onClose={close} onStarted={setStarted} />
      ) : (
        <Progress queueId={queueId} listenerId={listener.id} {...started} onClose={close} />
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
  const [range, setRange] = useState<RedeliveryRange>(() => ({
    ...{ since: Date.now() - DAY_MS, until: null, status: 'missed' },
  }))
  const [now, setNow] = useState(false)
  const count = useRedeliveryCount(queueId, listener.id, range)
  const start = useChange(
    async () => {
      const body = Object.fromEntries(Object.entries(range).filter(([, value]) => value !== null))
      const path = `/queues/${queueId}/listeners/${listener.id}/redeliver`
      return (await call<{ redelivery: Redelivery }>('POST', path, { body: { ...body, now } })).redelivery
    },
    { after: ({ id }) => onStarted({ id, expected: count.isDone ? count.matched : null }) },
  )
  return (
    <Form
      verb={start.isPending ? 'Starting …' : 'Redeliver'}
      isPending={start.isPending}
      isDisabled={count.isDone && count.matched === 0}
      error={start.error}
      onCancel={onClose}
      onSubmit={() => start.mutate()}
    >
      <p className="soft">
        Messages that were accepted in this time go to the listener once more, with the same webhook-id and a fresh set
        of attempts.
      </p>
      <TimeRangeFields range={range} onChange={(times) => setRange({ ...range, ...times })} />
      <Choice
        label="Which"
        value={range.status}
        onChange={(which) => setRange({ ...range, status: which as RedeliveryRange['status'] })}
        options={[
          ['missed', 'Those that it missed'],
          ['delivered', 'Those that it has acknowledged'],
          ['all', 'All, also those that are waiting'],
        ]}
      />
      {range.status === 'all' && (
        <Switch isSelected={now} onChange={setNow}>
          At once also what is scheduled, or waits for its next attempt
        </Switch>
      )}
      <p className="soft" aria-live="polite">
        {countText(count)}
      </p>
    </Form>
  )
}

function countText({ matched, isDone, error }: RedeliveryCount): string {
  if (error !== null) return `How many that is cannot be told: ${error.message}`
  if (!isDone) return matched === 0 ? 'Counting …' : `Counting … ${exactNumber(matched)} so far`
  return matched === 0
    ? 'No message fits: nothing would be sent.'
    : `${exactNumber(matched)} ${matched === 1 ? 'message' : 'messages'} would be sent again.`
}

function Progress({
  queueId,
  listenerId,
  id,
  expected,
  onClose,
}: Started & { queueId: string; listenerId: string; onClose: () => void }) {
  const { data, error } = useRedelivery(queueId, listenerId, id)
  const text = ({ matched, done }: { matched: number; done: boolean }) =>
    done
      ? `${plural(matched, 'message is', 'messages are')} on the way again; that was all.`
      : `${exactNumber(matched)} so far${expected === null ? '' : `, of ${exactNumber(expected)}`}. It goes on if you close this.`
  return <JobProgress label="Redelivery" job={data} expected={expected} text={text} error={error} onClose={onClose} />
}
