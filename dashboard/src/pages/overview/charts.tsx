import { useMemo } from 'react'
import type { Bucket, Counts } from '../../api/types.ts'
import { Chart } from '../../parts/chart.tsx'
import { coarser } from '../../words/coarser.ts'
import { duration, number } from '../../words/format.ts'
import { type Range, rangeText, within } from '../../words/range.ts'

/** More points than that are joined, to a quarter of an hour each. */
const MANY_POINTS = 144
const JOINED = 3
const BUCKET_MS = 300_000
/** The newest point has hardly begun: less than this would make a rate of nothing out of little. */
const MIN_POINT_MS = 60_000

interface ChartProps {
  series: Bucket[]
  range: Range
  /** A part was dragged out. */
  onBrush: (range: Range) => void
}

/** Messages accepted, delivered and failed a second. */
export function RateChart({ series, range, onBrush }: ChartProps) {
  const shown = useMemo(() => {
    const now = Date.now()
    const shown = within(series, range, now)
    const size = shown.length > MANY_POINTS ? JOINED : 1
    const points = coarser(shown, size)
    const perSecond = (type: keyof Counts) =>
      points.map(({ start, counts }) => {
        const lengthMs = Math.min(size * BUCKET_MS, Math.max(MIN_POINT_MS, now - start))
        return ((counts[type] ?? 0) / lengthMs) * 1_000
      })
    return {
      times: points.map(({ start }) => start),
      series: [
        { name: 'messages accepted', token: '--accent-fill', values: perSecond('message_added') },
        { name: 'deliveries made', token: '--good-fill', values: perSecond('message_published_ok') },
        { name: 'attempts failed', token: '--bad-fill', values: perSecond('message_published_not_ok') },
      ],
    }
  }, [series, range])
  const most = Math.max(0, ...shown.series[0]!.values.map((value) => value ?? 0))
  return (
    <Chart
      {...shown}
      format={perSecondText}
      onBrush={onBrush}
      summary={`Messages a second over ${rangeText(range)}, ${perSecondText(most)} at most`}
    />
  )
}

function perSecondText(value: number): string {
  if (value === 0) return '0/s'
  if (value < 0.02) return `${+(value * 3600).toFixed(0)}/h`
  if (value < 1) return `${+(value * 60).toFixed(1)}/min`
  return `${number(Math.round(value * 10) / 10)}/s`
}

/** Of a millisecond up to weeks, which is what a message may wait for a listener that is away. */
const LATENCY_STEPS_MS = [1, 10, 100, 1_000, 10_000, 60_000, 600_000, 3_600_000, 36_000_000, 864_000_000]

/** How long deliveries took, from when they were due, on a logarithmic scale. */
export function LatencyChart({ series, range, onBrush }: ChartProps) {
  const shown = useMemo(() => {
    const shown = within(series, range, Date.now())
    return {
      times: shown.map(({ start }) => start),
      series: [
        { name: 'p99', token: '--wait-fill', values: shown.map((one) => one.delivery_latency?.p99 ?? null) },
        { name: 'p95', token: '--plan-fill', values: shown.map((one) => one.delivery_latency?.p95 ?? null) },
        { name: 'p50', token: '--accent-fill', values: shown.map((one) => one.delivery_latency?.p50 ?? null) },
      ],
    }
  }, [series, range])
  const worst = Math.max(0, ...shown.series[0]!.values.map((value) => value ?? 0))
  return (
    <Chart
      {...shown}
      format={duration}
      onBrush={onBrush}
      steps={LATENCY_STEPS_MS}
      summary={`Delivery latency over ${rangeText(range)}; the worst p99 is ${duration(worst)}`}
    />
  )
}
