import { useLivenessChanges } from '../../api/liveness.ts'
import type { Listener, LivenessState } from '../../api/types.ts'
import { LIVENESS_TONES, LivenessBadge } from '../../parts/badge.tsx'
import { Loaded } from '../../parts/loaded.tsx'
import { useNow } from '../../parts/time.tsx'
import { dateTime, duration, hourMinute, plural } from '../../words/format.ts'
import { boundsOf, DAY_MS, type Range, rangeText } from '../../words/range.ts'
import { type Stretch, stretchesOf, timesOf } from '../../words/stretches.ts'

/** The latest; the line shows them all. */
const SHOWN_CHANGES = 4
/** The line is drawn anew a few times a minute, not with every tick of the clock. */
const GRAIN_MS = 15_000

/** What a listener was over a range of time, by its checks or, without any, by its deliveries. */
export function LivenessLine({ queueId, listener, range }: { queueId: string; listener: Listener; range: Range }) {
  const changes = useLivenessChanges(queueId, listener.id, DAY_MS)
  const now = Math.ceil(useNow() / GRAIN_MS) * GRAIN_MS
  return (
    <Loaded query={changes} what="its liveness" scope="listeners: read" bones={90}>
      {(all) => {
        const bounds = boundsOf(range, now)
        const stretches = stretchesOf(all, listener.liveness.state, bounds)
        const fresh = all.filter(({ at }) => at > bounds.since && at <= bounds.until)
        return (
          <div className="stack">
            <Line stretches={stretches} changes={fresh.length} range={range} />
            {fresh.length > 0 && (
              <ul className="changes">
                {fresh.slice(0, SHOWN_CHANGES).map(({ at, state, message }) => (
                  <li key={at}>
                    <span className="num soft">{dateTime(at)}</span>
                    <LivenessBadge state={state} />
                    <span className="soft small">{message}</span>
                  </li>
                ))}
              </ul>
            )}
          </div>
        )
      }}
    </Loaded>
  )
}

function Line({ stretches, changes, range }: { stretches: Stretch[]; changes: number; range: Range }) {
  const summary = timesOf(stretches).map(timeText).join(', ')
  return (
    <>
      <div className="liveness" role="img" aria-label={`Over ${rangeText(range)}: ${summary}`}>
        {stretches.map(({ state, start, end, message }) => (
          <i
            key={start}
            data-tone={LIVENESS_TONES[state]}
            style={{ flexGrow: end - start }}
            title={`${state} from ${hourMinute(start)} to ${hourMinute(end)}${message ? `: ${message}` : ''}`}
          />
        ))}
      </div>
      <div className="spread small faint" aria-hidden>
        <span>{dateTime(stretches[0]!.start)}</span>
        <span>{'lastMs' in range ? 'now' : dateTime(range.until)}</span>
      </div>
      <p className="small soft">
        {summary}; {changes === 0 ? 'nothing has changed' : plural(changes, 'change')}.
      </p>
    </>
  )
}

function timeText([state, ms]: [LivenessState, number]): string {
  return `${state} for ${duration(ms)}`
}
