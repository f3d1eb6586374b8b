import { Link } from 'wouter'
import type { Listener, Liveness, Stats } from '../../api/types.ts'
import { LivenessBadge } from '../../parts/badge.tsx'
import { Card, Facts } from '../../parts/page.tsx'
import { Ago } from '../../parts/time.tsx'
import { number } from '../../words/format.ts'
import { ListenerCharts } from './listener-charts.tsx'
import { ListenerSettings, PullCard } from './listener-settings.tsx'

/** How a listener did, how it is, and how it is set up. */
export function ListenerOverview({
  listener,
  queueId,
  stats,
}: {
  listener: Listener
  queueId: string
  stats: Stats | undefined
}) {
  return (
    <div className="stack-wide">
      <ListenerCharts stats={stats} queueId={queueId} listener={listener} />
      <div className="columns">
        <LivenessCard listener={listener} />
        <Missed listener={listener} queueId={queueId} />
        <ListenerSettings listener={listener} />
      </div>
      {!listener.notify_url && <PullCard queueId={queueId} listener={listener} />}
    </div>
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
              <Link href={`/queues/${queueId}/listeners/${listener.id}/deliveries?status=missed`}>
                all {number(missed_count)}, and why
              </Link>
            </li>
          )}
        </ul>
      )}
    </Card>
  )
}
