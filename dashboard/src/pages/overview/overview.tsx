import { useMemo } from 'react'
import { Link } from 'wouter'
import { useLive } from '../../api/live.ts'
import { useAllListeners, useQueues, useStats } from '../../api/queries.ts'
import type { Bucket, Counts, Stats } from '../../api/types.ts'
import { Chart } from '../../parts/chart.tsx'
import { Empty } from '../../parts/empty.tsx'
import { Loaded } from '../../parts/loaded.tsx'
import { Card, Figure, Figures, Page } from '../../parts/page.tsx'
import { curl } from '../../parts/snippet.tsx'
import { coarser } from '../../words/coarser.ts'
import { duration, latency, number, percent } from '../../words/format.ts'
import { concernsOf } from './attention.ts'
import { Concerns } from './concerns.tsx'

/** Points of a quarter of an hour each. */
const BUCKETS_EACH = 3
const BUCKET_MS = 300_000
/** The newest point has hardly begun: less than this would make a rate of nothing out of little. */
const MIN_POINT_MS = 60_000

/** What happened in the past day, and what needs attention. */
export function OverviewPage() {
  const stats = useStats()
  const queues = useQueues()
  return (
    <Page title="Overview" lead="The past 24 hours of this organization.">
      <Loaded query={stats} what="the statistics" scope="stats: read" bones={104}>
        {(data) => <Totals stats={data} waiting={queues.data?.reduce((sum, one) => sum + one.pending_count, 0)} />}
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
            {(data) => <RateChart series={data.series ?? []} />}
          </Loaded>
        </Card>
        <Attention />
      </div>
      <Card title="Delivery latency" side={<span className="small soft">from when a message was due</span>}>
        <Loaded query={stats} what="the latency" scope="stats: read">
          {(data) => <LatencyPart stats={data} />}
        </Loaded>
      </Card>
    </Page>
  )
}

function Totals({ stats, waiting }: { stats: Stats; waiting: number | undefined }) {
  const day = stats.aggregated_api_usage_events.last_24_hours
  const hour = stats.aggregated_api_usage_events.last_1_hours
  const [ok, failed] = [day.message_published_ok ?? 0, day.message_published_not_ok ?? 0]
  return (
    <Figures>
      <Figure
        label="Accepted"
        value={number(day.message_added ?? 0)}
        note={`${number(hour.message_added ?? 0)} in the last hour`}
      />
      <Figure
        label="Delivered"
        value={number(ok)}
        note={`${number(hour.message_published_ok ?? 0)} in the last hour`}
      />
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

export function RateChart({ series }: { series: Bucket[] }) {
  const shown = useMemo(() => {
    const points = coarser(series, BUCKETS_EACH)
    const now = Date.now()
    const perSecond = (type: keyof Counts) =>
      points.map(({ start, counts }) => {
        const lengthMs = Math.min(BUCKETS_EACH * BUCKET_MS, Math.max(MIN_POINT_MS, now - start))
        return ((counts[type] ?? 0) / lengthMs) * 1_000
      })
    return {
      times: points.map(({ start }) => start),
      series: [
        { name: 'accepted', token: '--accent-fill', values: perSecond('message_added') },
        { name: 'delivered', token: '--good-fill', values: perSecond('message_published_ok') },
        { name: 'failed', token: '--bad-fill', values: perSecond('message_published_not_ok') },
      ],
    }
  }, [series])
  const most = Math.max(0, ...shown.series[0]!.values.map((value) => value ?? 0))
  return (
    <Chart
      {...shown}
      format={perSecondText}
      summary={`Messages a second over 24 hours, ${perSecondText(most)} at most`}
    />
  )
}

function perSecondText(value: number): string {
  if (value === 0) return '0/s'
  if (value < 0.02) return `${+(value * 3600).toFixed(0)}/h`
  if (value < 1) return `${+(value * 60).toFixed(1)}/min`
  return `${number(Math.round(value * 10) / 10)}/s`
}

function LatencyPart({ stats }: { stats: Stats }) {
  const listeners = (stats.listeners ?? []).filter(({ delivery_latency: { count } }) => count > 0)
  const series = stats.series ?? []
  const measured = series.some(({ delivery_latency: one }) => (one?.count ?? 0) > 0)
  if (!measured && listeners.length === 0) return <p className="soft">Nothing was delivered in the past 24 hours.</p>
  return measured ? <LatencyChart series={series} /> : <SlowestList stats={stats} />
}

/** Of a millisecond up to weeks, which is what a message may wait for a listener that is away. */
const LATENCY_STEPS_MS = [1, 10, 100, 1_000, 10_000, 60_000, 600_000, 3_600_000, 36_000_000, 864_000_000]

export function LatencyChart({ series }: { series: Bucket[] }) {
  const shown = useMemo(
    () => ({
      times: series.map(({ start }) => start),
      series: [
        { name: 'p99', token: '--wait-fill', values: series.map((one) => one.delivery_latency?.p99 ?? null) },
        { name: 'p95', token: '--plan-fill', values: series.map((one) => one.delivery_latency?.p95 ?? null) },
        { name: 'p50', token: '--accent-fill', values: series.map((one) => one.delivery_latency?.p50 ?? null) },
      ],
    }),
    [series],
  )
  const worst = Math.max(0, ...shown.series[0]!.values.map((value) => value ?? 0))
  return (
    <Chart
      {...shown}
      format={duration}
      steps={LATENCY_STEPS_MS}
      summary={`Delivery latency over 24 hours; the worst p99 is ${duration(worst)}`}
    />
  )
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
