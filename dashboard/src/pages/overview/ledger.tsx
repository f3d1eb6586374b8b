import { useQuery } from '@tanstack/react-query'
import { CircleCheck, OctagonAlert } from 'lucide-react'
import { useState } from 'react'
import { Link } from 'wouter'
import { call } from '../../api/client.ts'
import { Empty } from '../../parts/empty.tsx'
import { Moment } from '../../parts/field.tsx'
import { Loaded } from '../../parts/loaded.tsx'
import { Page } from '../../parts/page.tsx'
import { curl } from '../../parts/snippet.tsx'
import { type Column, Table } from '../../parts/table.tsx'
import { exactNumber, number, plural } from '../../words/format.ts'

interface Account {
  /** The sum of all other counts. */
  accepted: number
  delivered: number
  pending: number
  scheduled: number
  missed: number
  discarded: Record<string, number>
  unaccounted: number
}

interface Entry extends Account {
  id: string
  name: string
}

interface Ledger extends Account {
  queues: (Entry & { listeners: (Entry & { deleted_at?: number })[] })[]
  unaccounted_pairs: { queue_id: string; message_id: string; listener_id: string }[]
}

/** The ledger: where every accepted delivery is. */
export function LedgerPage() {
  const [since, setSince] = useState<number | null>(null)
  const [until, setUntil] = useState<number | null>(null)
  const ledger = useQuery({
    queryKey: ['ledger', since, until],
    queryFn: async ({ signal }) =>
      (await call<{ ledger: Ledger }>('GET', '/ledger', { query: { since, until }, signal })).ledger,
  })
  return (
    <Page
      title="Ledger"
      lead="Where every delivery that was accepted is. What the ledger cannot account for must be nothing."
    >
      <div className="filters" style={{ maxWidth: 520 }}>
        <Moment label="Accepted since" value={since} onChange={setSince} />
        <Moment label="Accepted until" value={until} onChange={setUntil} />
      </div>
      <Loaded query={ledger} what="the ledger" scope="stats: read">
        {(data) => <LedgerTable ledger={data} />}
      </Loaded>
    </Page>
  )
}

type Row = Account & { id: string; name: string; to: string | null; inner: boolean }

/** Each queue, and its listeners below it; those that are gone lead nowhere. */
function rowsOf({ queues }: Ledger): Row[] {
  return queues.flatMap(({ listeners, ...queue }): Row[] => [
    { ...queue, inner: false, to: `/queues/${queue.id}` },
    ...listeners.map(({ deleted_at, ...listener }): Row => {
      const gone = deleted_at !== undefined
      const to = gone ? null : `/queues/${queue.id}/listeners/${listener.id}`
      return {
        ...listener,
        id: `${queue.id} ${listener.id}`,
        name: gone ? `${listener.name} (deleted)` : listener.name,
        inner: true,
        to,
      }
    }),
  ])
}

function LedgerTable({ ledger }: { ledger: Ledger }) {
  const rows = rowsOf(ledger)
  if (rows.length === 0) {
    return (
      <Empty title="The ledger is empty" paste={curl('GET', '/ledger?pretty')}>
        Nothing was accepted in this time. Put a message on a queue that has a listener, and it shows here.
      </Empty>
    )
  }
  return (
    <div className="stack">
      <Verdict unaccounted={ledger.unaccounted} />
      <Table label="Deliveries by queue and listener" columns={columnsFor(rows)} rows={rows} />
      {ledger.unaccounted_pairs.map(({ queue_id, message_id, listener_id }) => (
        <p key={message_id + listener_id} className="mono">
          <Link href={`/queues/${queue_id}/messages/${message_id}`}>{message_id}</Link> for {listener_id}
        </p>
      ))}
    </div>
  )
}

function Verdict({ unaccounted }: { unaccounted: number }) {
  if (unaccounted === 0) {
    return (
      <p className="row" style={{ color: 'var(--good)' }}>
        <CircleCheck size={18} aria-hidden /> The ledger balances: every delivery is accounted for.
      </p>
    )
  }
  return (
    <p className="row" role="alert" style={{ color: 'var(--bad)' }}>
      <OctagonAlert size={18} aria-hidden /> {plural(unaccounted, 'delivery', 'deliveries')} cannot be accounted for.
    </p>
  )
}

function discardedOf({ discarded }: Account): { count: number; why: string } {
  const reasons = Object.entries(discarded).filter(([, count]) => count > 0)
  const count = reasons.reduce((sum, [, one]) => sum + one, 0)
  return { count, why: reasons.map(([reason, one]) => `${number(one)} ${reason.replaceAll('_', ' ')}`).join(', ') }
}

const amount = (title: string, read: (row: Row) => number): Column<Row> => ({
  ...{ title, width: 'minmax(0, 1fr)', align: 'end', phone: 'label' },
  cell: (row) => counted(read(row)),
})

/** Nothing where there is none: what is there shall be seen. */
function counted(count: number, why?: string) {
  return count === 0 ? null : <span title={why || undefined}>{exactNumber(count)}</span>
}

/** Without the columns that have nothing in any row; what was accepted, and what is unaccounted, is always told. */
function columnsFor(rows: Row[]): Column<Row>[] {
  const isUsed: Record<string, (row: Row) => boolean> = {
    Delivered: ({ delivered }) => delivered > 0,
    Pending: ({ pending }) => pending > 0,
    Scheduled: ({ scheduled }) => scheduled > 0,
    Missed: ({ missed }) => missed > 0,
    Discarded: (row) => discardedOf(row).count > 0,
  }
  return COLUMNS.filter(({ title }) => rows.some(isUsed[title] ?? (() => true)))
}

const COLUMNS: Column<Row>[] = [
  {
    title: 'Queue and listener',
    width: 'minmax(0, 2fr)',
    phone: 'wide',
    cell: ({ name, to, inner }) => (
      <span style={{ paddingLeft: inner ? 20 : 0, fontWeight: inner ? 400 : 600 }}>
        {to ? <Link href={to}>{name}</Link> : name}
      </span>
    ),
  },
  amount('Accepted', ({ accepted }) => accepted),
  amount('Delivered', ({ delivered }) => delivered),
  amount('Pending', ({ pending }) => pending),
  amount('Scheduled', ({ scheduled }) => scheduled),
  amount('Missed', ({ missed }) => missed),
  {
    ...{ title: 'Discarded', width: 'minmax(0, 1fr)', align: 'end', phone: 'label' },
    cell: (row) => {
      const { count, why } = discardedOf(row)
      return counted(count, why)
    },
  },
  {
    ...{ title: 'Unaccounted', width: 'minmax(0, 1fr)', align: 'end', phone: 'label' },
    cell: ({ unaccounted }) => (
      <strong style={{ color: `var(--${unaccounted === 0 ? 'good' : 'bad'})` }}>{exactNumber(unaccounted)}</strong>
    ),
  },
]
