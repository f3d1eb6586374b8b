import type { Listener } from '../../api/types.ts'
import { Card, Facts } from '../../parts/page.tsx'
import { curl, Snippet } from '../../parts/snippet.tsx'
import { duration } from '../../words/format.ts'

const ORDERINGS = { none: 'none', queue: 'of acceptance', key: 'within each key' }

/** How it wants to be served. */
export function ListenerSettings({ listener }: { listener: Listener }) {
  const { retry, timeout, max_concurrency, rate_limit, ordering, on_missed, headers } = listener
  const names = Object.keys(headers ?? {})
  return (
    <Card title="Settings">
      <Facts
        facts={[
          ['Timeout', timeout === undefined ? '–' : duration(timeout)],
          ['At once', max_concurrency === undefined ? '–' : `${max_concurrency} at most`],
          [
            'Attempts',
            retry
              ? `${retry.max_attempts}, from ${duration(retry.initial_delay)} to ${duration(retry.max_delay)}`
              : '–',
          ],
          ['Rate limit', rate_limit ? `${rate_limit.requests} in ${duration(rate_limit.per)}` : 'none'],
          [
            'Order',
            ORDERINGS[ordering ?? 'none'] +
              (ordering && ordering !== 'none' && on_missed === 'block' ? ', blocks when one is missed' : ''),
          ],
          ['Headers', names.length === 0 ? 'none' : `${names.join(', ')} (values are set, and not shown)`],
          ['Id', <code key="id">{listener.id}</code>],
        ]}
      />
    </Card>
  )
}

/** What a program does that pulls. */
export function PullCard({ queueId, listener }: { queueId: string; listener: Listener }) {
  const path = `/queues/${queueId}/listeners/${listener.id}`
  return (
    <Card title="Pull its messages">
      <div className="stack">
        <p className="soft">
          Ask for some, which waits up to 30 s for them; what is not acknowledged in time comes again.
        </p>
        <Snippet>{curl('POST', `${path}/pull`, { max: 10, wait: 30_000 })}</Snippet>
        <p className="soft">Acknowledge with the receipts of what was taken care of.</p>
        <Snippet>{curl('POST', `${path}/ack`, { receipts: ['…'] })}</Snippet>
      </div>
    </Card>
  )
}
