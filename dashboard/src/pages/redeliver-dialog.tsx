import { useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { ApiError, call } from '../api/client.ts'
import { cursorOf, useRedelivery } from '../api/queries.ts'
import type { LinkMap, Listener, Redelivery, Ref } from '../api/types.ts'
import { Button } from '../parts/button.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { Choice, Moment } from '../parts/field.tsx'
import { Form } from '../parts/form.tsx'
import { useChange } from '../parts/use-change.ts'
import { exactNumber, plural } from '../words/format.ts'

const DAY_MS = 86_400_000

type Which = 'missed' | 'delivered' | 'all'

interface Range {
  since: number | null
  until: number | null
  which: Which
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
  const [id, setId] = useState<string | null>(null)
  const [expected, setExpected] = useState<number | null>(null)
  const close = () => {
    setId(null)
    onClose()
  }
  return (
    <Dialog title={`Redeliver to ${listener.name}`} isOpen={isOpen} onClose={close}>
      {id === null ? (
        <RangeForm queueId={queueId} listener={listener} onClose={close} onStarted={setId} onCounted={setExpected} />
      ) : (
        <Progress queueId={queueId} listenerId={listener.id} id={id} expected={expected} onClose={close} />
      )}
    </Dialog>
  )
}

function RangeForm({
  queueId,
  listener,
  onClose,
  onStarted,
  onCounted,
}: {
  queueId: string
  listener: Listener
  onClose: () => void
  onStarted: (id: string) => void
  onCounted: (messages: number | null) => void
}) {
  const [range, setRange] = useState<Range>(() => ({ since: Date.now() - DAY_MS, until: null, which: 'missed' }))
  const start = useChange(
    async () => {
      const body = {
        ...(range.since !== null && { since: range.since }),
        ...(range.until !== null && { until: range.until }),
        ...(range.which !== 'all' && { status: range.which }),
      }
      const path = `/queues/${queueId}/listeners/${listener.id}/redeliver`
      return (await call<{ redelivery: Redelivery }>('POST', path, { body })).redelivery
    },
    { after: ({ id }) => onStarted(id) },
  )
  return (
    <Form
      verb={start.isPending ? 'Starting …' : 'Redeliver'}
      isPending={start.isPending}
      error={start.error}
      onCancel={onClose}
      onSubmit={() => start.mutate()}
    >
      <p className="soft">
        Messages that were accepted in this time go to the listener once more, with the same webhook-id and a fresh set
        of attempts.
      </p>
      <div className="form-row">
        <Moment
          label="Since"
          value={range.since}
          onChange={(since) => setRange({ ...range, since })}
          hint="Empty: all that are kept"
        />
        <Moment
          label="Until"
          value={range.until}
          onChange={(until) => setRange({ ...range, until })}
          hint="Empty: now"
        />
      </div>
      <Choice
        label="Which"
        value={range.which}
        onChange={(which) => setRange({ ...range, which: which as Which })}
        options={[
          ['missed', 'Those that it missed'],
          ['delivered', 'Those that it has acknowledged'],
          ['all', 'Both'],
        ]}
      />
      <CountBefore queueId={queueId} listener={listener} range={range} onCounted={onCounted} />
    </Form>
  )
}

/** Counting goes this far; beyond, "more than" is enough to decide. */
const COUNTED_PAGES = 10

interface Count {
  messages: number
  more: boolean
}

/** About how many it will be: messages of the queue whose state for this listener fits. */
function CountBefore({
  queueId,
  listener,
  range,
  onCounted,
}: {
  queueId: string
  listener: Listener
  range: Range
  onCounted: (messages: number | null) => void
}) {
  const count = useQuery({
    queryKey: ['redelivery-count', listener.id, range],
    queryFn: ({ signal }) => countMatching(queueId, listener.id, range, signal),
    retry: false,
  })
  useEffect(() => onCounted(count.data?.messages ?? null), [count.data, onCounted])
  const words = () => {
    if (count.data) {
      const { messages, more } = count.data
      return `${more ? 'More than ' : ''}${plural(messages, 'message')} would be sent again.`
    }
    if (count.error) return `How many that is cannot be told: ${count.error.message}`
    return 'Counting …'
  }
  return (
    <p className="small soft" aria-live="polite">
      {words()}
    </p>
  )
}

interface CountPage {
  messages: Ref[]
  _embedded: { messages: { deliveries: { listener_id: string; status: string }[] }[] }
  _links: LinkMap
}

async function countMatching(queueId: string, listenerId: string, range: Range, signal: AbortSignal): Promise<Count> {
  let cursor: string | null = null
  let messages = 0
  for (let page = 0; page < COUNTED_PAGES; page++) {
    // A message that this listener has missed may still be pending for another: only the delivery tells.
    const query = { since: range.since ?? 0, until: range.until, cursor, _embed: true }
    const answer: CountPage = await call('GET', `/queues/${queueId}/messages`, { query, signal })
    for (const { deliveries } of answer._embedded.messages) {
      const own = deliveries.find(({ listener_id }) => listener_id === listenerId)?.status
      if (own === 'missed' && range.which !== 'delivered') messages += 1
      if (own === 'delivered' && range.which !== 'missed') messages += 1
    }
    cursor = cursorOf(answer._links)
    if (cursor === null) return { messages, more: false }
  }
  return { messages, more: true }
}

function Progress({
  queueId,
  listenerId,
  id,
  expected,
  onClose,
}: {
  queueId: string
  listenerId: string
  id: string
  /** What was counted before; null where that could not be told. */
  expected: number | null
  onClose: () => void
}) {
  const { data, error } = useRedelivery(queueId, listenerId, id)
  const finished = data?.done === true
  const all = Math.max(expected ?? 0, data?.matched ?? 0)
  const share = finished || all === 0 ? 1 : (data?.matched ?? 0) / all
  return (
    <div className="stack">
      {data && (
        <>
          <div
            className="meter"
            role="progressbar"
            aria-label="Redelivery"
            aria-valuemin={0}
            aria-valuemax={all}
            aria-valuenow={data.matched}
          >
            <i style={{ width: `${share * 100}%` }} />
          </div>
          <p aria-live="polite">
            {finished
              ? `${plural(data.matched, 'message is', 'messages are')} on the way again; that was all.`
              : `${exactNumber(data.matched)} so far${expected === null ? '' : `, of about ${exactNumber(expected)}`}. It goes on if you close this.`}
          </p>
        </>
      )}
      {error instanceof ApiError && <p className="fault">{error.message}</p>}
      <div className="form-foot">
        <Button kind="primary" onPress={onClose}>
          Close
        </Button>
      </div>
    </div>
  )
}
