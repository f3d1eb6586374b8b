import { Pause, Pencil, Play, Plus, Send, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { Link, useLocation } from 'wouter'
import { call } from '../../api/client.ts'
import { useListeners, useQueue, useStats } from '../../api/queries.ts'
import type { Counts, Listener, Queue, Stats } from '../../api/types.ts'
import { Badge } from '../../parts/badge.tsx'
import { Button } from '../../parts/button.tsx'
import { Confirm } from '../../parts/confirm.tsx'
import { Empty } from '../../parts/empty.tsx'
import { Loaded } from '../../parts/loaded.tsx'
import { Menu } from '../../parts/menu.tsx'
import { Card, Facts, Figure, Figures, Page } from '../../parts/page.tsx'
import { curl, Snippet } from '../../parts/snippet.tsx'
import { type Column, Table } from '../../parts/table.tsx'
import { Tabs } from '../../parts/tabs.tsx'
import { Ago } from '../../parts/time.tsx'
import { useChange } from '../../parts/use-change.ts'
import { latency, number, plural } from '../../words/format.ts'
import { ListenerBadge } from '../listeners/listener-badge.tsx'
import { ListenerDialog } from '../listeners/listener-dialog.tsx'
import { MessageFinder } from '../messages/message-finder.tsx'
import { SendDialog } from '../messages/send-dialog.tsx'
import { RateChart } from '../overview/charts.tsx'
import { RangePicker, useRange } from '../overview/range.tsx'
import { ScheduleList } from '../schedules/schedule-list.tsx'
import { QueueDialog } from './queue-dialog.tsx'
import { successOf } from './queues.tsx'

export function QueuePage({ queueId, tab }: { queueId: string; tab: string }) {
  const queue = useQueue(queueId)
  return (
    <Loaded query={queue} what="this queue" scope="queues: read" bones={420}>
      {(data) => <QueueParts queue={data} tab={tab} />}
    </Loaded>
  )
}

type Open = 'none' | 'edit' | 'delete' | 'send' | 'listener'

function QueueParts({ queue, tab }: { queue: Queue; tab: string }) {
  const [open, setOpen] = useState<Open>('none')
  const [, go] = useLocation()
  const stats = useStats(queue.id)
  const close = () => setOpen('none')
  const pause = useChange((paused: boolean) => call('PATCH', `/queues/${queue.id}`, { body: { paused } }), {
    said: queue.paused ? 'The queue delivers again.' : 'The queue is paused: messages are kept, none is delivered.',
  })
  return (
    <Page
      title={queue.name}
      trail={[['Queues', '/queues']]}
      badge={queue.paused ? <Badge tone="wait">paused</Badge> : undefined}
      actions={
        <>
          <Button icon={Send} onPress={() => setOpen('send')}>
            Send a message
          </Button>
          <Button
            icon={queue.paused ? Play : Pause}
            isDisabled={pause.isPending}
            onPress={() => pause.mutate(!queue.paused)}
          >
            {queue.paused ? 'Resume' : 'Pause'}
          </Button>
          <Menu
            label="More for this queue"
            parts={[
              { title: 'Edit name and schema', icon: Pencil, act: () => setOpen('edit') },
              { title: 'Delete the queue', icon: Trash2, act: () => setOpen('delete'), danger: true },
            ]}
          />
        </>
      }
    >
      <QueueFigures queue={queue} stats={stats.data} />
      <Tabs
        label="Parts of the queue"
        selected={['listeners', 'messages', 'schedules', 'about'].includes(tab) ? tab : 'listeners'}
        onSelect={(id) => go(`/queues/${queue.id}/${id}`, { replace: true })}
        parts={[
          {
            id: 'listeners',
            title: 'Listeners',
            content: <ListenerList queue={queue} stats={stats.data} onNew={() => setOpen('listener')} />,
          },
          {
            id: 'messages',
            title: 'Messages',
            content: <MessageFinder queue={queue} onSend={() => setOpen('send')} />,
          },
          { id: 'schedules', title: 'Schedules', content: <ScheduleList queue={queue} /> },
          { id: 'about', title: 'Rate and schema', content: <About queue={queue} stats={stats.data} /> },
        ]}
      />
      <QueueDialog isOpen={open === 'edit'} onClose={close} queue={queue} />
      <SendDialog isOpen={open === 'send'} onClose={close} queue={queue} />
      <ListenerDialog isOpen={open === 'listener'} onClose={close} queue={queue} />
      <Confirm
        title={`Delete ${queue.name}?`}
        verb="Delete the queue and all in it"
        isOpen={open === 'delete'}
        onClose={close}
        done={`The queue ${queue.name} is deleted.`}
        act={async () => {
          await call('DELETE', `/queues/${queue.id}`)
          go('/queues')
        }}
      >
        <p>With it go, for good:</p>
        <ul>
          <li>
            {plural(queue.listeners.length, 'listener')}
            {queue.listeners.length > 0 && `: ${queue.listeners.map(({ name }) => name).join(', ')}`}
          </li>
          <li>all its messages, {plural(queue.pending_count, 'delivery', 'deliveries')} of which still wait</li>
          <li>its schedules, and what the ledger says of it</li>
        </ul>
      </Confirm>
    </Page>
  )
}

function QueueFigures({ queue, stats }: { queue: Queue; stats: Stats | undefined }) {
  const own = stats?.queues?.find(({ id }) => id === queue.id)
  const counts: Counts = own?.counts ?? {}
  return (
    <Figures>
      <Figure
        label="Waiting"
        value={number(queue.pending_count)}
        note={queue.paused ? 'kept until you resume' : 'deliveries'}
        tone={queue.paused && queue.pending_count > 0 ? 'wait' : undefined}
      />
      <Figure label="Messages accepted" value={number(counts.message_added ?? 0)} note="in 24 hours" />
      <Figure
        label="Deliveries made"
        value={number(counts.message_published_ok ?? 0)}
        note={`one for each listener; ${successOf(own)} success`}
      />
      <Figure
        label="Latency p95"
        value={latency(own?.delivery_latency.p95 ?? null)}
        note={`p50 ${latency(own?.delivery_latency.p50 ?? null)}, p99 ${latency(own?.delivery_latency.p99 ?? null)}`}
      />
    </Figures>
  )
}

function About({ queue, stats }: { queue: Queue; stats: Stats | undefined }) {
  const { range, setRange } = useRange()
  return (
    <div className="stack">
      <Card title="Rate" side={<RangePicker range={range} setRange={setRange} />}>
        {stats?.series ? (
          <RateChart series={stats.series} range={range} onBrush={setRange} />
        ) : (
          <p className="soft">No figures yet.</p>
        )}
      </Card>
      <div className="columns">
        <Card title="Schema">
          {queue.schema ? (
            <Snippet label="Copy the schema">{JSON.stringify(queue.schema, null, 2)}</Snippet>
          ) : (
            <p className="soft">This queue takes any data. A schema would refuse what its listeners cannot read.</p>
          )}
        </Card>
        <Card title="About">
          <Facts
            facts={[
              ['Id', <code key="id">{queue.id}</code>],
              ['Created', <Ago key="created" at={queue.created_at} />],
              ['Changed', <Ago key="changed" at={queue.updated_at} />],
            ]}
          />
        </Card>
      </div>
    </div>
  )
}

type Row = Listener & { queueId: string; stats: ReturnType<typeof partOf> }

const partOf = (stats: Stats | undefined, id: string) => stats?.listeners?.find((one) => one.id === id)

function ListenerList({ queue, stats, onNew }: { queue: Queue; stats: Stats | undefined; onNew: () => void }) {
  const listeners = useListeners(queue.id)
  const add = (
    <Button icon={Plus} onPress={onNew}>
      New listener
    </Button>
  )
  return (
    <Loaded query={listeners} what="the listeners" scope="listeners: read">
      {(all) =>
        all.length === 0 ? (
          <Empty
            title="Nobody listens yet"
            action={add}
            paste={curl('POST', `/queues/${queue.id}/listeners`, {
              name: 'shop',
              notify_url: 'http://127.0.0.1:4000/orders',
            })}
          >
            A listener is where messages go: a URL that they are posted to, or a program that pulls them. Only messages
            that come after it are delivered to it.
          </Empty>
        ) : (
          <div className="stack">
            <Table
              label="Listeners"
              columns={COLUMNS}
              rows={all.map((one): Row => ({ ...one, queueId: queue.id, stats: partOf(stats, one.id) }))}
            />
            <div>{add}</div>
          </div>
        )
      }
    </Loaded>
  )
}

const COLUMNS: Column<Row>[] = [
  {
    title: 'Listener',
    width: 'minmax(0, 2.4fr)',
    cell: ({ id, name, queueId, notify_url }) => (
      <>
        <Link href={`/queues/${queueId}/listeners/${id}`}>{name}</Link>
        <span className="clip small faint">{notify_url ?? 'pulls its messages'}</span>
      </>
    ),
  },
  {
    title: 'State',
    width: 'minmax(0, 1fr)',
    cell: (listener) => <ListenerBadge listener={listener} />,
  },
  {
    title: 'Success',
    width: 'minmax(0, 0.8fr)',
    align: 'end',
    phone: 'label',
    cell: ({ stats }) => successOf(stats),
  },
  {
    title: 'p95',
    width: 'minmax(0, 0.8fr)',
    align: 'end',
    phone: 'label',
    cell: ({ stats }) => latency(stats?.delivery_latency.p95 ?? null),
  },
  {
    title: 'Missed',
    width: 'minmax(0, 0.7fr)',
    align: 'end',
    phone: 'label',
    cell: ({ messages: { missed_count } }) => (
      <span style={missed_count > 0 ? { color: 'var(--bad)' } : undefined}>{number(missed_count)}</span>
    ),
  },
  {
    title: 'Last delivery',
    width: 'minmax(0, 1fr)',
    align: 'end',
    phone: 'label',
    cell: ({ messages }) => <Ago at={messages.last_success_at} />,
  },
]
