import { useMemo } from 'react'
import type { Listener, Stats } from '../../api/types.ts'
import { Card } from '../../parts/page.tsx'
import { rangeText } from '../../words/range.ts'
import { LatencyChart } from '../overview/charts.tsx'
import { RangePicker, useRange } from '../overview/range.tsx'
import { HealthStrip } from './health-strip.tsx'
import { LivenessLine } from './liveness-line.tsx'

/** How a listener did over time. */
export function ListenerCharts({
  stats,
  queueId,
  listener,
}: {
  stats: Stats | undefined
  queueId: string
  listener: Listener
}) {
  const series = useMemo(() => stats?.series ?? [], [stats])
  const { range, setRange } = useRange()
  const measured = series.some((one) => (one.delivery_latency?.count ?? 0) > 0)
  const side = <span className="small soft">{rangeText(range)}</span>
  return (
    <div className="columns" data-lead="">
      <div className="stack-wide">
        <Card title="Latency" side={<RangePicker range={range} setRange={setRange} />}>
          {measured ? (
            <LatencyChart series={series} range={range} onBrush={setRange} />
          ) : (
            <p className="soft">Nothing was delivered in 24 hours.</p>
          )}
        </Card>
        <Card title="How it answered" side={side}>
          <HealthStrip series={series} range={range} />
        </Card>
      </div>
      <Card title="Liveness over time" side={side}>
        <LivenessLine queueId={queueId} listener={listener} range={range} />
      </Card>
    </div>
  )
}
