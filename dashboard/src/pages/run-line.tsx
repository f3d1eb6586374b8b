import { useNow } from '../parts/time.tsx'
import { dateTime, distance, fullTime } from '../words/format.ts'

const MAX_MARKS = 40
/** Two labels closer than this share of the line would overlap. */
const LABEL_SHARE = 0.16

export interface Run {
  at: number
  name: string
  past?: boolean
}

/** Runs on a line of time, from now, or the last one before it, to the latest that is known. */
export function RunLine({ runs }: { runs: Run[] }) {
  const now = useNow()
  const shown = runs.slice(0, MAX_MARKS)
  if (shown.length === 0) return <p className="soft">Nothing runs from now on: all are paused, or over.</p>
  const from = Math.min(now, ...shown.map(({ at }) => at))
  const span = Math.max(now, ...shown.map(({ at }) => at)) - from || 1
  const share = (at: number) => (at - from) / span
  const next = shown.find(({ at }) => at > now)
  let lastLabel = -1
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
          const place = share(at)
          if (place - lastLabel < LABEL_SHARE && lastLabel >= 0) return null
          lastLabel = place
          return (
            <span
              key={name + at}
              className="timeline-label"
              style={{ left: `clamp(44px, ${place * 100}%, calc(100% - 44px))` }}
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

function summaryOf(runs: Run[], now: number): string {
  const coming = runs.filter(({ at }) => at > now)
  return `${coming.length} runs to come: ${coming
    .slice(0, 5)
    .map(({ name, at }) => `${name} at ${dateTime(at)}`)
    .join(', ')}`
}
