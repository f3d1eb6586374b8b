import { Link } from 'wouter'
import type { DeliveryStatus } from '../../../api/listener-deliveries.ts'
import type { ListenerDelivery } from '../../../api/types.ts'
import type { Column } from '../../../parts/table.tsx'
import { Ago } from '../../../parts/time.tsx'
import { isSuccess, outcomeText } from '../../../words/outcome.ts'
import { missedWords, WAIT_WORDS } from './wait-words.ts'

export type Row = ListenerDelivery & { id: string; queueId: string; isPicked: boolean }

const MESSAGE: Column<Row> = {
  title: 'Message',
  width: 'minmax(0, 1.4fr)',
  cell: ({ message: { id, name }, queueId, key }) => (
    <>
      <Link href={`/queues/${queueId}/messages/${id}`} className={name === id ? 'clip mono' : 'clip'}>
        {name}
      </Link>
      {key !== undefined && <span className="clip small faint">key {key}</span>}
    </>
  ),
}

const LAST: Column<Row> = {
  title: 'Last attempt',
  width: 'minmax(0, 2.2fr)',
  phone: 'wide',
  cell: ({ last_attempt: last, attempts }) =>
    last === undefined ? null : (
      <>
        <span style={isSuccess(last) ? undefined : { color: 'var(--bad)' }}>
          {attempts}: {outcomeText(last)}
        </span>
        {last.response !== '' && <code className="clip small soft">{last.response}</code>}
      </>
    ),
}

const WHY: Record<DeliveryStatus, Column<Row>> = {
  pending: {
    title: 'Waits for',
    width: 'minmax(0, 1.5fr)',
    cell: ({ waits_for, behind, queueId }) => (
      <>
        {waits_for !== undefined && WAIT_WORDS[waits_for]}
        {behind !== undefined && (
          <Link href={`/queues/${queueId}/messages/${behind.message_id}`} className="clip small">
            {behind.missed ? 'which was missed, and blocks' : 'which comes first'}
          </Link>
        )}
      </>
    ),
  },
  missed: { title: 'Why', width: 'minmax(0, 1.5fr)', cell: ({ reason }) => missedWords(reason) },
  delivered: { title: 'Accepted', width: '104px', phone: 'label', cell: ({ accepted_at }) => <Ago at={accepted_at} /> },
}

const WHEN: Record<DeliveryStatus, Column<Row>> = {
  pending: { title: 'Next', width: '104px', align: 'end', cell: ({ next_attempt_at }) => <Ago at={next_attempt_at} /> },
  missed: { title: 'Missed', width: '104px', align: 'end', cell: ({ missed_at }) => <Ago at={missed_at ?? null} /> },
  delivered: {
    title: 'Delivered',
    width: '104px',
    align: 'end',
    cell: ({ last_attempt: last }) => <Ago at={last === undefined ? null : last.started_at + last.duration} />,
  },
}

/** What is told of deliveries of a status; `pick` chooses one, or chooses it no more. */
export function columnsFor(status: DeliveryStatus, pick: (id: string, isPicked: boolean) => void): Column<Row>[] {
  const choice: Column<Row> = {
    title: 'Chosen',
    width: '64px',
    cell: ({ id, message, isPicked }) => (
      <input
        type="checkbox"
        aria-label={`Choose ${message.name}`}
        checked={isPicked}
        onChange={({ target }) => pick(id, target.checked)}
      />
    ),
  }
  return [choice, MESSAGE, WHY[status], LAST, WHEN[status]]
}
