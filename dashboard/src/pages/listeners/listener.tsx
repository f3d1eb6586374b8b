import { KeyRound, Pencil, RotateCcw, Stethoscope, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { Link, useLocation } from 'wouter'
import { call } from '../../api/client.ts'
import { useListener, useQueue, useStats } from '../../api/queries.ts'
import type { Listener, Liveness, Queue, Stats } from '../../api/types.ts'
import { Badge, LivenessBadge } from '../../parts/badge.tsx'
import { Button } from '../../parts/button.tsx'
import { Confirm } from '../../parts/confirm.tsx'
import { Loaded } from '../../parts/loaded.tsx'
import { Menu } from '../../parts/menu.tsx'
import { Card, Facts, Figure, Figures, Page } from '../../parts/page.tsx'
import { Ago } from '../../parts/time.tsx'
import { latency, number, plural } from '../../words/format.ts'
import { successOf } from '../queues/queues.tsx'
import { CheckDialog } from './check-dialog.tsx'
import { ListenerBadge } from './listener-badge.tsx'
import { ListenerBanner, PausedBanner } from './listener-banner.tsx'
import { ListenerCharts } from './listener-charts.tsx'
import { ListenerDialog } from './listener-dialog.tsx'
import { ListenerSettings, PullCard } from './listener-settings.tsx'
import { RedeliverDialog } from './redeliver-dialog.tsx'
import { RotateDialog } from './rotate-dialog.tsx'

export function ListenerPage({ queueId, listenerId }: { queueId: string; listenerId: string }) {
  const [queue, listener] = [useQueue(queueId), useListener(queueId, listenerId)]
  return (
    <Loaded query={listener} what="this listener" scope="listeners: read" bones={420}>
      {(data) => <ListenerParts listener={data} queue={queue.data} queueId={queueId} />}
    </Loaded>
  )
}

type Open = 'none' | 'edit' | 'delete' | 'check' | 'redeliver' | 'rotate'

function ListenerParts({
  listener,
  queue,
  queueId,
}: {
  listener: Listener
  queue: Queue | undefined
  queueId: string
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
      <ListenerCharts stats={stats.data} queueId={queueId} listener={listener} />
      <div className="columns">
        <LivenessCard listener={listener} />
        <Missed listener={listener} queueId={queueId} />
        <ListenerSettings listener={listener} />
      </div>
      {pulls && <PullCard queueId={queueId} listener={listener} />}
      {queue && <ListenerDialog isOpen={open === 'edit'} onClose={close} queue={queue} listener={listener} />}
      <CheckDialog isOpen={open === 'check'} onClose={close} path={path} name={listener.name} />
      <RedeliverDialog isOpen={open === 'redeliver'} onClose={close} queueId={queueId} listener={listener} />
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

function LivenessCard({ listener: { liveness, liveness_url } }: { listener: Listener }) {
  return (
    <Card title="Liveness">
      <Facts
        facts={[
          ['Now', <LivenessBadge key="state" state={liveness.state} />],
          ['Judged by', liveness_url ? <code key="url">{liveness_url}</code> : 'its deliveries'],
          ['Succeeded', `${number(liveness.success_count)} times`],
          ['Last success', <Ago key="success" at={liveness.last_success_at} />],
          ['Failed', `${number(liveness.failure_count)} times`],
          ['Last failure', <Ago key="failure" at={liveness.last_failure_at} />],
          ...whyOf(liveness),
        ]}
      />
    </Card>
  )
}

/** The message mostly names the status already. */
function whyOf({ last_failure_status: status, last_failure_msg: message }: Liveness): [string, string][] {
  const why = message ?? (status === null ? null : `answered ${status}`)
  return why === null ? [] : [['Why', why]]
}

const SHOWN_MISSED = 8

function Missed({ listener, queueId }: { listener: Listener; queueId: string }) {
  const { missed, missed_count } = listener.messages
  return (
    <Card title="Missed, the newest">
      {missed.length === 0 ? (
        <p className="soft">Nothing was missed: every message was acknowledged or still has attempts left.</p>
      ) : (
        <ul className="stack">
          {missed.slice(0, SHOWN_MISSED).map((id) => (
            <li key={id}>
              <Link href={`/queues/${queueId}/messages/${id}`} className="mono">
                {id}
              </Link>
            </li>
          ))}
          {missed_count > SHOWN_MISSED && (
            <li>
              <Link href={`/queues/${queueId}/messages`}>all {number(missed_count)}, among the queue's messages</Link>
            </li>
          )}
        </ul>
      )}
    </Card>
  )
}
