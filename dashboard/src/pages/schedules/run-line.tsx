import { useSyncExternalStore } from 'react'
import { useNow } from '../../parts/time.tsx'
import { dateTime, distance, fullTime } from '../../words/format.ts'

/** Further ones would press the nearest together. */
const MAX_MARKS = 12
/** Two labels closer than this share of the line would overlap; on a phone the line is shorter. */
const LABEL_SHARE = { wide: 0.11, narrow: 0.36 }
const WIDE = matchMedia('(min-width: 821px)')

export interface Run {
  at: number
  name: string
  past?: boolean
}

/** Runs on a line of time, from now, or the last one before it, to the latest that is known. */
export function RunLine({ runs }: { runs: Run[] }) {
  const now = useNow()
  const apart = useSyncExternalStore(watchWidth, () => WIDE.matches) ? LABEL_SHARE.wide : LABEL_SHARE.narrow
  // Labels are given from left to right.
  const shown = runs.slice(0, MAX_MARKS).toSorted((a, b) => a.at - b.at)
  if (shown.length === 0) return <p className="soft">Nothing runs from now on: all are paused, or over.</p>
  const from = Math.min(now, ...shown.map(({ at }) => at))
  const span = Math.max(now, ...shown.map(({ at }) => at)) - from || 1
  const share = (at: number) => (at - from) / span
  const next = shown.find(({ at }) => at > now)
  let lastLabel = Number.NEGATIVE_INFINITY
  return (
    <div className="stack">
      <div className="timeline" role="img" aria-label={summaryOf(shown, now)}>
        {shown.map((run) => (
          <span
            key={run.name + run.at}
            className="timeline-mark"
            data-past={run.past || undefined}
            style={{ left: `${share(run.at) * 100}%` }}
            title={`${run.name}, ${fullTime(run.at)}`}
          />
        ))}
        <span className="timeline-mark" data-now="" style={{ left: `${share(now) * 100}%` }} />
        <span
          className="timeline-label"
          data-now=""
          style={{ left: `clamp(20px, ${share(now) * 100}%, calc(100% - 20px))` }}
        >
          now
        </span>
        {shown.map(({ at, name }) => {
          // Where the label really stands: those at the ends are kept within the line.
          const place = Math.min(Math.max(share(at), apart / 2), 1 - apart / 2)
          const crossesNow = Math.abs(place - share(now)) < apart / 2 && at <= now
          if (place - lastLabel < apart || crossesNow) return null
          lastLabel = place
          return (
            <span
              key={name + at}
              className="timeline-label"
              style={{ left: `clamp(34px, ${share(at) * 100}%, calc(100% - 34px))` }}
            >
              {dateTime(at)}
            </span>
          )
        })}
      </div>
      {next && (
        <p className="small soft">
          Next: {next.name}, {distance(next.at, now)}.
        </p>
      )}
    </div>
  )
}

function watchWidth(changed: () => void): () => void {
  WIDE.addEventListener('change', changed)
  return () => WIDE.removeEventListener('change', changed)
}

function summaryOf(runs: Run[], now: number): string {
  const coming = runs.filter(({ at }) => at > now)
  return `${coming.length} runs to come: ${coming
    .slice(0, 5)
    .map(({ name, at }) => `${name} at ${dateTime(at)}`)
    .join(', ')}`
}
