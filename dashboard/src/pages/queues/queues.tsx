import { Plus } from 'lucide-react'
import { useMemo, useState } from 'react'
import { Link } from 'wouter'
import { useOpened } from '../../address.ts'
import { useAllListeners, useQueues, useStats } from '../../api/queries.ts'
import type { PartStats, Queue } from '../../api/types.ts'
import { Badge } from '../../parts/badge.tsx'
import { Button } from '../../parts/button.tsx'
import { Empty } from '../../parts/empty.tsx'
import { Field } from '../../parts/field.tsx'
import { Loaded } from '../../parts/loaded.tsx'
import { Page } from '../../parts/page.tsx'
import { curl } from '../../parts/snippet.tsx'
import { type Column, Table } from '../../parts/table.tsx'
import { latency, number, percent, plural } from '../../words/format.ts'
import { type Health, HealthBadge, healthOf, NO_LISTENER } from './health.tsx'
import { QueueDialog } from './queue-dialog.tsx'

const SEARCH_FROM = 12

interface Row extends Queue {
  stats: PartStats | undefined
  /** Undefined: the key may not see listeners, or they are not here yet. */
  health: Health | undefined
}

export function QueuesPage() {
  const [queues, stats, listeners] = [useQueues(), useStats(), useAllListeners()]
  const [creating, setCreating] = useOpened()
  const [search, setSearch] = useState('')
  const rows = useMemo(() => {
    const byId = new Map(stats.data?.queues?.map((one) => [one.id, one]))
    const fits = (queue: Queue) => queue.name.toLowerCase().includes(search.trim().toLowerCase())
    const health = listeners.data && healthOf(listeners.data)
    return (queues.data ?? []).filter(fits).map(
      (queue): Row => ({
        ...{ ...queue, stats: byId.get(queue.id) },
        health: health && (health.get(queue.id) ?? NO_LISTENER),
      }),
    )
  }, [queues.data, stats.data, listeners.data, search])
  return (
    <Page
      title="Queues"
      lead="Messages go from a queue to each of its listeners. Figures are of the past 24 hours."
      actions={
        <Button kind="primary" icon={Plus} onPress={() => setCreating(true)}>
          New queue
        </Button>
      }
    >
      <Loaded query={queues} what="the queues" scope="queues: read">
        {(all) =>
          all.length === 0 ? (
            <Empty
              title="No queue yet"
              paste={curl('POST', '/queues', { name: 'orders' })}
              action={
                <Button kind="primary" icon={Plus} onPress={() => setCreating(true)}>
                  New queue
                </Button>
              }
            >
              A queue takes messages and keeps them until each of its listeners has acknowledged them. Make the first
              one here or in a terminal.
            </Empty>
          ) : (
            <div className="stack">
              {all.length >= SEARCH_FROM && <Field label="Find by name" value={search} onChange={setSearch} />}
              <Table label="Queues" columns={COLUMNS} rows={rows} foot={plural(rows.length, 'queue')} />
            </div>
          )
        }
      </Loaded>
      <QueueDialog isOpen={creating} onClose={() => setCreating(false)} />
    </Page>
  )
}

const COLUMNS: Column<Row>[] = [
  {
    title: 'Queue',
    width: 'minmax(0, 2.2fr)',
    cell: ({ id, name, paused }) => (
      <span className="row">
        <Link href={`/queues/${id}`}>{name}</Link>
        {paused && <Badge tone="wait">paused</Badge>}
      </span>
    ),
  },
  {
    title: 'Health',
    width: 'minmax(0, 1.2fr)',
    cell: ({ health }) => <HealthBadge health={health} />,
  },
  {
    title: 'Waiting',
    width: 'minmax(0, 1fr)',
    align: 'end',
    phone: 'label',
    cell: ({ pending_count }) => <strong>{number(pending_count)}</strong>,
  },
  {
    title: 'Missed',
    width: 'minmax(0, 1fr)',
    align: 'end',
    phone: 'label',
    cell: ({ health }) =>
      health === undefined ? (
        '–'
      ) : (
        <span style={health.missed > 0 ? { color: 'var(--bad)' } : undefined}>{number(health.missed)}</span>
      ),
  },
  {
    title: 'Accepted',
    width: 'minmax(0, 1fr)',
    align: 'end',
    phone: 'label',
    cell: ({ stats }) => (stats ? number(stats.counts.message_added ?? 0) : '–'),
  },
  {
    title: 'Success',
    width: 'minmax(0, 1fr)',
    align: 'end',
    phone: 'label',
    cell: ({ stats }) => successOf(stats),
  },
  {
    title: 'p95',
    width: 'minmax(0, 1fr)',
    align: 'end',
    phone: 'label',
    cell: ({ stats }) => latency(stats?.delivery_latency.p95 ?? null),
  },
  {
    title: 'Listeners',
    width: 'minmax(0, 1fr)',
    align: 'end',
    phone: 'label',
    cell: ({ listeners }) => number(listeners.length),
  },
]

export function successOf(stats: PartStats | undefined): string {
  if (stats === undefined) return '–'
  const [ok, failed] = [stats.counts.message_published_ok ?? 0, stats.counts.message_published_not_ok ?? 0]
  return percent(ok, ok + failed)
}
