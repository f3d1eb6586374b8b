import { Link } from 'wouter'
import { useFilters } from '../../../address.ts'
import { type AttemptFilter, useListenerAttempts } from '../../../api/listener-deliveries.ts'
import type { ListenerAttempt } from '../../../api/types.ts'
import { Badge } from '../../../parts/badge.tsx'
import { Empty } from '../../../parts/empty.tsx'
import { Choice, Field } from '../../../parts/field.tsx'
import { Loaded } from '../../../parts/loaded.tsx'
import { type Column, Table } from '../../../parts/table.tsx'
import { Ago } from '../../../parts/time.tsx'
import { duration, fullTime } from '../../../words/format.ts'
import { ATTEMPT_ERRORS, isSuccess, outcomeText } from '../../../words/outcome.ts'
import { More } from './more.tsx'

/** A status or a class of them; what is half typed asks for nothing yet. */
const STATUS = /^[1-9](\d\d|xx)$/i

function filterOf(chosen: URLSearchParams): AttemptFilter {
  const [outcome, status, error] = ['outcome', 'answer', 'error'].map((name) => chosen.get(name) ?? '')
  return {
    ...(outcome && { outcome }),
    ...(status && STATUS.test(status) && { status }),
    ...(error && { error }),
  }
}

/** Each attempt at a listener, the newest first, with how it ended and how the answer began. */
export function AttemptsTab({ queueId, listenerId }: { queueId: string; listenerId: string }) {
  const [chosen, choose] = useFilters()
  const field = (name: string) => ({
    value: chosen.get(name) ?? '',
    onChange: (value: string) => choose({ ...Object.fromEntries(chosen), [name]: value }),
  })
  const pages = useListenerAttempts({ queueId, listenerId }, filterOf(chosen))
  const rows = (pages.data?.pages ?? []).flatMap(({ entries }) =>
    entries.map((one): Row => ({ ...one, id: `${one.message.id} ${one.number}`, queueId })),
  )
  return (
    <div className="stack">
      <div className="filters">
        <Choice
          label="Outcome"
          options={[
            ['', 'Any'],
            ['failed', 'Failed'],
            ['ok', 'Succeeded'],
          ]}
          {...field('outcome')}
        />
        <Field label="Status" placeholder="503 or 5xx" {...field('answer')} />
        <Choice
          label="Error"
          options={[['', 'Any'], ...Object.keys(ATTEMPT_ERRORS).map((name): [string, string] => [name, nameOf(name)])]}
          {...field('error')}
        />
      </div>
      <Loaded query={pages} what="the attempts" scope="messages: read">
        {() =>
          rows.length === 0 && !pages.hasNextPage ? (
            <Empty title="No attempt fits">Each attempt to deliver a message to this listener shows here.</Empty>
          ) : (
            <>
              <Table label="Attempts" columns={COLUMNS} rows={rows} />
              <More pages={pages} />
            </>
          )
        }
      </Loaded>
    </div>
  )
}

const nameOf = (error: string) => error.replaceAll('_', ' ')

type Row = ListenerAttempt & { id: string; queueId: string }

const COLUMNS: Column<Row>[] = [
  {
    title: 'Outcome',
    width: 'minmax(0, 1.5fr)',
    cell: (attempt) => <Badge tone={isSuccess(attempt) ? 'good' : 'bad'}>{outcomeText(attempt)}</Badge>,
  },
  {
    title: 'Message',
    width: 'minmax(0, 1.5fr)',
    cell: ({ message: { id, name }, queueId }) => (
      <Link href={`/queues/${queueId}/messages/${id}`} className={name === id ? 'clip mono' : 'clip'}>
        {name}
      </Link>
    ),
  },
  { title: 'Attempt', width: '76px', align: 'end', phone: 'label', cell: ({ number }) => number },
  { title: 'Took', width: '84px', align: 'end', phone: 'label', cell: (attempt) => duration(attempt.duration) },
  {
    title: 'Answer',
    width: 'minmax(0, 2.2fr)',
    phone: 'wide',
    cell: ({ response }) => <code className="clip soft">{response}</code>,
  },
  {
    title: 'When',
    width: '104px',
    align: 'end',
    cell: ({ started_at }) => (
      <span title={fullTime(started_at)}>
        <Ago at={started_at} />
      </span>
    ),
  },
]
