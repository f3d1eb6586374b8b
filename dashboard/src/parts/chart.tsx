import { useEffect, useRef } from 'react'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'

export interface Series {
  name: string
  /** A colour token, such as `--good`. */
  token: string
  values: (number | null)[]
  kind?: 'line' | 'bars'
}

const HEIGHT_PX = 210

/**
 * Values over time. Canvas cannot be read aloud, so `summary` says what there is to see. Drawn anew where the size or
 * the theme changes.
 */
export function Chart({
  times,
  series,
  format,
  summary,
  steps,
  onBrush,
}: {
  /** Epoch milliseconds. */
  times: number[]
  series: Series[]
  format: (value: number) => string
  summary: string
  /**
   * Makes the scale logarithmic, with these as its lines: for what is a thousand times as much now and then, beside
   * which everything else would lie on the ground.
   */
  steps?: readonly number[]
  /** A part of the time was dragged out, in epoch milliseconds. */
  onBrush?: (range: { since: number; until: number }) => void
}) {
  const place = useRef<HTMLDivElement>(null)
  // The chart is drawn anew for other values, not for another function.
  const brush = useRef(onBrush)
  brush.current = onBrush
  useEffect(() => {
    const element = place.current!
    let plot: uPlot | null = null
    const draw = () => {
      plot?.destroy()
      const width = element.clientWidth
      if (width === 0) return
      const data = [
        times.map((ms) => ms / 1000),
        ...series.map(({ values }) => (steps === undefined ? values : values.map(above(steps[0]!)))),
      ] as uPlot.AlignedData
      plot = new uPlot(optionsFor(element, width, { series, format, steps, brush }), data, element)
    }
    draw()
    const sizes = new ResizeObserver(() => plot?.width !== element.clientWidth && draw())
    sizes.observe(element)
    const scheme = matchMedia('(prefers-color-scheme: dark)')
    scheme.addEventListener('change', draw)
    const theme = new MutationObserver(draw)
    theme.observe(document.documentElement, { attributeFilter: ['data-theme'] })
    return () => {
      sizes.disconnect()
      theme.disconnect()
      scheme.removeEventListener('change', draw)
      plot?.destroy()
    }
  }, [times, series, format, steps])
  return (
    <div className="stack">
      <div ref={place} className="chart" role="img" aria-label={summary} />
      <div className="legend" aria-hidden>
        {series.map(({ name, token }) => (
          <span key={name}>
            <i style={{ '--swatch': `var(${token})` } as React.CSSProperties} />
            {name}
          </span>
        ))}
      </div>
    </div>
  )
}

/** A press without a drag selects nothing. */
const MIN_BRUSH_PX = 8

function tellBrushed(
  { select, posToVal }: uPlot,
  tell: ((range: { since: number; until: number }) => void) | undefined,
) {
  if (select.width < MIN_BRUSH_PX || tell === undefined) return
  const at = (px: number) => Math.round(posToVal(px, 'x') * 1000)
  tell({ since: at(select.left), until: at(select.left + select.width) })
}

function fromNothing(_plot: uPlot, _low: number | null, high: number | null): [number, number] {
  return [0, high === null || high <= 0 ? 1 : high * 1.1]
}

/** From the step below to the step above. */
function within(steps: readonly number[]) {
  return (_plot: uPlot, low: number | null, high: number | null): [number, number] => {
    const first = steps.findLast((step) => low !== null && step <= low) ?? steps[0]!
    const last = steps.find((step) => high !== null && step >= high && step > first)
    return [first, last ?? Math.max(high ?? 0, steps[1]!)]
  }
}

/** Raises values to `least`: what is less has no place on a logarithmic scale. */
function above(least: number): (value: number | null) => number | null {
  return (value) => (value === null ? null : Math.max(least, value))
}

/** Canvas knows nothing of light-dark(), so that a colour is asked for as the page has it. */
function colourOf(element: HTMLElement, token: string): string {
  const probe = document.createElement('span')
  probe.style.color = `var(${token})`
  element.append(probe)
  const colour = getComputedStyle(probe).color
  probe.remove()
  return colour
}

/** Browsers answer with the notation that the token has: oklch(l c h). */
function faded(colour: string, share: number): string {
  return colour.replace(/\)$/, ` / ${share})`)
}

function optionsFor(
  element: HTMLElement,
  width: number,
  {
    series,
    format,
    steps,
    brush,
  }: {
    series: Series[]
    format: (value: number) => string
    steps: readonly number[] | undefined
    brush: { readonly current: ((range: { since: number; until: number }) => void) | undefined }
  },
): uPlot.Options {
  const [ink, line] = [colourOf(element, '--ink-faint'), colourOf(element, '--line')]
  const font = '12px Geist, sans-serif'
  const axis = { stroke: ink, font, ticks: { show: false }, grid: { stroke: line, width: 1 } }
  return {
    width,
    height: HEIGHT_PX,
    cursor: { y: false, points: { size: 7 }, drag: { x: true, y: false, setScale: false } },
    hooks: { setSelect: [(plot) => tellBrushed(plot, brush.current)] },
    legend: { show: false },
    scales: { y: steps === undefined ? { range: fromNothing } : { distr: 3, range: within(steps) } },
    axes: [
      {
        ...axis,
        grid: { show: false },
        size: 30,
        space: 70,
        values: [
          [3600, '{HH}:{mm}', null, null, null, null, null, null, 1],
          [60, '{HH}:{mm}', null, null, null, null, null, null, 1],
          [1, '{HH}:{mm}:{ss}', null, null, null, null, null, null, 1],
        ],
      },
      {
        ...{ ...axis, size: 62, space: 36 },
        ...(steps !== undefined && {
          splits: (_plot, _axis, low, high) => steps.filter((it) => it >= low && it <= high),
        }),
        // The library labels powers of ten alone on such a scale, and hands over nothing for the other lines.
        filter: (_plot, values) => values,
        values: (_plot, values) => values.map((value) => format(value)),
      },
    ],
    series: [
      {},
      ...series.map(({ name, token, kind }): uPlot.Series => {
        const colour = colourOf(element, token)
        const look = { label: name, stroke: colour, points: { show: false } }
        if (kind !== 'bars') return { ...look, width: 2, spanGaps: true, fill: faded(colour, 0.1) }
        return {
          ...look,
          width: 0,
          fill: faded(colour, 0.85),
          paths: uPlot.paths.bars!({ size: [0.8, 24], radius: 0.2 }),
        }
      }),
    ],
  }
}
