import { KeyRound, Pencil, RotateCcw, Stethoscope, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { useLocation } from 'wouter'
import { call } from '../../api/client.ts'
import { useListener, useQueue, useStats } from '../../api/queries.ts'
import type { Listener, Queue, Stats } from '../../api/types.ts'
import { Badge } from '../../parts/badge.tsx'
import { Button } from '../../parts/button.tsx'
import { Confirm } from '../../parts/confirm.tsx'
import { Loaded } from '../../parts/loaded.tsx'
import { Menu } from '../../parts/menu.tsx'
import { Figure, Figures, Page } from '../../parts/page.tsx'
import { Tabs } from '../../parts/tabs.tsx'
import { latency, number, plural } from '../../words/format.ts'
import { successOf } from '../queues/queues.tsx'
import { CheckDialog } from './check-dialog.tsx'
import { AttemptsTab } from './deliveries/attempts-tab.tsx'
import { DeliveriesTab } from './deliveries/deliveries-tab.tsx'
import { DiscardDialog } from './discard-dialog.tsx'
import { ListenerBadge } from './listener-badge.tsx'
import { ListenerBanner, PausedBanner } from './listener-banner.tsx'
import { ListenerDialog } from './listener-dialog.tsx'
import { ListenerOverview } from './listener-overview.tsx'
import { RedeliverDialog } from './redeliver-dialog.tsx'
import { RotateDialog } from './rotate-dialog.tsx'

export function ListenerPage({
  queueId,
  listenerId,
  tab,
}: {
  queueId: string
  listenerId: string
  tab: string | undefined
}) {
  const [queue, listener] = [useQueue(queueId), useListener(queueId, listenerId)]
  return (
    <Loaded query={listener} what="this listener" scope="listeners: read" bones={420}>
      {(data) => <ListenerParts listener={data} queue={queue.data} queueId={queueId} tab={tab ?? 'overview'} />}
    </Loaded>
  )
}

const TABS = ['overview', 'deliveries', 'attempts']

type Open = 'none' | 'edit' | 'delete' | 'check' | 'redeliver' | 'discard' | 'rotate'

function ListenerParts({
  listener,
  queue,
  queueId,
  tab,
}: {
  listener: Listener
  queue: Queue | undefined
  queueId: string
  tab: string
}) {
  const [open, setOpen] = useState<Open>('none')
  const [, go] = useLocation()
  const stats = useStats(listener.id)
  const path = `/queues/${queueId}/listeners/${listener.id}`
  const close = () => setOpen('none')
  const pulls = !listener.notify_url
  return (
    <Page
      title={listener.name}
      trail={[
        ['Queues', '/queues'],
        [queue?.name ?? 'Queue', `/queues/${queueId}`],
      ]}
      badge={
        <>
          <ListenerBadge listener={listener} />
          {pulls && <Badge>pulls</Badge>}
        </>
      }
      lead={listener.notify_url ? <code>{listener.notify_url}</code> : 'A program pulls its messages.'}
      actions={
        <>
          {!pulls && (
            <Button icon={Stethoscope} onPress={() => setOpen('check')}>
              Check
            </Button>
          )}
          <Button
            icon={RotateCcw}
            kind={listener.messages.missed_count > 0 ? 'primary' : undefined}
            onPress={() => setOpen('redeliver')}
          >
            Redeliver
          </Button>
          <Menu
            label="More for this listener"
            parts={[
              { title: 'Edit', icon: Pencil, act: () => setOpen('edit') },
              { title: 'Rotate the secret', icon: KeyRound, act: () => setOpen('rotate') },
              { title: 'Delete', icon: Trash2, act: () => setOpen('delete'), danger: true },
            ]}
          />
        </>
      }
    >
      {queue?.paused && <PausedBanner queue={queue} />}
      <ListenerBanner listener={listener} queueId={queueId} onCheck={() => setOpen('check')} />
      <ListenerFigures listener={listener} stats={stats.data} />
      <Tabs
        label="Parts of the listener"
        selected={TABS.includes(tab) ? tab : 'overview'}
        onSelect={(id) => go(id === 'overview' ? path : `${path}/${id}`, { replace: true })}
        parts={[
          {
            id: 'overview',
            title: 'Overview',
            content: <ListenerOverview listener={listener} queueId={queueId} stats={stats.data} />,
          },
          {
            id: 'deliveries',
            title: 'Deliveries',
            content: (
              <DeliveriesTab
                queueId={queueId}
                listenerId={listener.id}
                onRedeliverAll={() => setOpen('redeliver')}
                onDiscard={() => setOpen('discard')}
              />
            ),
          },
          { id: 'attempts', title: 'Attempts', content: <AttemptsTab queueId={queueId} listenerId={listener.id} /> },
        ]}
      />
      {queue && <ListenerDialog isOpen={open === 'edit'} onClose={close} queue={queue} listener={listener} />}
      <CheckDialog isOpen={open === 'check'} onClose={close} path={path} name={listener.name} />
      <RedeliverDialog isOpen={open === 'redeliver'} onClose={close} queueId={queueId} listener={listener} />
      <DiscardDialog isOpen={open === 'discard'} onClose={close} queueId={queueId} listener={listener} />
      <RotateDialog isOpen={open === 'rotate'} onClose={close} path={path} name={listener.name} />
      <Confirm
        title={`Delete ${listener.name}?`}
        verb="Delete the listener"
        isOpen={open === 'delete'}
        onClose={close}
        done={`The listener ${listener.name} is deleted.`}
        act={async () => {
          await call('DELETE', path)
          go(`/queues/${queueId}`)
        }}
      >
        <p>
          What waits for it is not delivered any more, and its{' '}
          {plural(listener.messages.missed_count, 'missed message')} cannot be redelivered to it. The messages
          themselves stay, for the other listeners.
        </p>
      </Confirm>
    </Page>
  )
}

function ListenerFigures({ listener, stats }: { listener: Listener; stats: Stats | undefined }) {
  const own = stats?.listeners?.find(({ id }) => id === listener.id)
  const { missed_count: missed, acknowledged_count: acknowledged, pending_count: waiting } = listener.messages
  return (
    <Figures>
      <Figure label="Success" value={successOf(own)} note="of attempts in 24 hours" />
      <Figure
        label="Latency p50"
        value={latency(own?.delivery_latency.p50 ?? null)}
        note={`p95 ${latency(own?.delivery_latency.p95 ?? null)}, p99 ${latency(own?.delivery_latency.p99 ?? null)}`}
      />
      <Figure label="Waiting" value={number(waiting)} note="deliveries" />
      <Figure
        label="Missed"
        value={number(missed)}
        note={missed > 0 ? 'can be redelivered' : 'none'}
        tone={missed > 0 ? 'bad' : undefined}
      />
      <Figure label="Acknowledged" value={number(acknowledged)} note="since its creation" />
    </Figures>
  )
}
