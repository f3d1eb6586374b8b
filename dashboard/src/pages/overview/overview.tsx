import { Link } from 'wouter'
import { useLive } from '../../api/live.ts'
import { useAllListeners, useQueues, useStats } from '../../api/queries.ts'
import type { Stats } from '../../api/types.ts'
import { Empty } from '../../parts/empty.tsx'
import { Loaded } from '../../parts/loaded.tsx'
import { Card, Figure, Figures, Page } from '../../parts/page.tsx'
import { curl } from '../../parts/snippet.tsx'
import { latency, number, percent } from '../../words/format.ts'
import { type Range, rangeText, within } from '../../words/range.ts'
import { concernsOf } from './attention.ts'
import { LatencyChart, RateChart } from './charts.tsx'
import { Concerns } from './concerns.tsx'
import { RangePicker, type RangeState, useRange } from './range.tsx'

/** What happened in the past day, and what needs attention. */
export function OverviewPage() {
  const stats = useStats()
  const queues = useQueues()
  const range = useRange()
  return (
    <Page
      title="Overview"
      lead={`This organization, ${'lastMs' in range.range ? `the past ${rangeText(range.range)}` : rangeText(range.range)}. Statistics are kept for 24 h.`}
      actions={<RangePicker {...range} />}
    >
      <Loaded query={stats} what="the statistics" scope="stats: read" bones={104}>
        {(data) => (
          <Totals
            stats={data}
            range={range.range}
            waiting={queues.data?.reduce((sum, one) => sum + one.pending_count, 0)}
          />
        )}
      </Loaded>
      {queues.data?.length === 0 && (
        <Empty title="Start with a queue" paste={curl('POST', '/queues', { name: 'orders' })}>
          Messages are put on a queue, and go from there to each of its listeners. Make one on the{' '}
          <Link href="/queues">page of queues</Link>, or paste this into a terminal, with your key in the variable KEY.
        </Empty>
      )}
      <div className="columns" data-lead="">
        <Card title="Rate" side={<RateNow />}>
          <Loaded query={stats} what="the rate" scope="stats: read">
            {(data) => <RateChart series={data.series ?? []} range={range.range} onBrush={range.setRange} />}
          </Loaded>
        </Card>
        <Attention />
      </div>
      <Card title="Delivery latency" side={<span className="small soft">from when a message was due</span>}>
        <Loaded query={stats} what="the latency" scope="stats: read">
          {(data) => <LatencyPart stats={data} {...range} />}
        </Loaded>
      </Card>
    </Page>
  )
}

function Totals({ stats, range, waiting }: { stats: Stats; range: Range; waiting: number | undefined }) {
  const shown = within(stats.series ?? [], range, Date.now())
  const sum = (type: 'message_added' | 'message_published_ok' | 'message_published_not_ok') =>
    shown.reduce((all, { counts }) => all + (counts[type] ?? 0), 0)
  const [ok, failed] = [sum('message_published_ok'), sum('message_published_not_ok')]
  return (
    <Figures>
      <Figure
        label="Messages accepted"
        value={number(sum('message_added'))}
        note="each goes to every listener of its queue"
      />
      <Figure label="Deliveries made" value={number(ok)} note="one for each message and listener" />
      <Figure
        label="Failed attempts"
        value={number(failed)}
        note={`${percent(ok, ok + failed)} of attempts succeed`}
        tone={failed > ok ? 'bad' : undefined}
      />
      <Figure
        label="Waiting now"
        value={waiting === undefined ? '–' : number(waiting)}
        note={waiting === 0 ? 'nothing waits' : 'deliveries, in all queues'}
      />
    </Figures>
  )
}

function RateNow() {
  const { state, rates } = useLive()
  if (state !== 'on') return null
  const last = rates.at(-1)
  return (
    <span className="small soft num">
      {number(last && Date.now() - last.at < 3_000 ? last.added : 0)} messages/s now
    </span>
  )
}

function LatencyPart({ stats, range, setRange }: { stats: Stats } & RangeState) {
  const listeners = (stats.listeners ?? []).filter(({ delivery_latency: { count } }) => count > 0)
  const series = stats.series ?? []
  const measured = series.some(({ delivery_latency: one }) => (one?.count ?? 0) > 0)
  if (!measured && listeners.length === 0) return <p className="soft">Nothing was delivered in the past 24 hours.</p>
  return measured ? <LatencyChart series={series} range={range} onBrush={setRange} /> : <SlowestList stats={stats} />
}

/** For servers that tell latency only by listener. */
function SlowestList({ stats }: { stats: Stats }) {
  const slowest = [...(stats.listeners ?? [])]
    .sort((a, b) => (b.delivery_latency.p95 ?? 0) - (a.delivery_latency.p95 ?? 0))
    .slice(0, 6)
  return (
    <ul className="stack">
      {slowest.map(({ id, name, queue_id, delivery_latency: one }) => (
        <li key={id} className="spread">
          <Link href={`/queues/${queue_id}/listeners/${id}`}>{name}</Link>
          <span className="num soft">
            p50 {latency(one.p50)} · p95 {latency(one.p95)} · p99 {latency(one.p99)}
          </span>
        </li>
      ))}
    </ul>
  )
}

function Attention() {
  const [listeners, queues, stats] = [useAllListeners(), useQueues(), useStats()]
  return (
    <Card title="Needs attention" flush>
      <Loaded query={listeners} what="the listeners" scope="listeners: read">
        {(data) => <Concerns concerns={concernsOf(data, queues.data ?? [], stats.data?.queues ?? [])} />}
      </Loaded>
    </Card>
  )
}
