import type { Bucket } from '../../api/types.ts'
import { duration, hourMinute, percent, plural } from '../../words/format.ts'
import { type Range, rangeText, within } from '../../words/range.ts'

/** More would be thinner than a line on a phone. */
const MOST_STRETCHES = 48
const BUCKET_MS = 300_000
/** Below this share of successes a stretch is bad, not just bumpy. */
const BAD_BELOW = 0.5
/** A failure now and then is what retries are for. */
const GOOD_FROM = 0.95

interface Stretch {
  start: number
  ok: number
  notOk: number
}

/** How a listener answered, stretch by stretch. */
export function HealthStrip({ series, range }: { series: Bucket[]; range: Range }) {
  const shown = within(series, range, Date.now())
  const size = Math.max(1, Math.ceil(shown.length / MOST_STRETCHES))
  const stretches: Stretch[] = []
  for (let from = 0; from < shown.length; from += size) {
    const some = shown.slice(from, from + size)
    const sum = (type: 'message_published_ok' | 'message_published_not_ok') =>
      some.reduce((total, { counts }) => total + (counts[type] ?? 0), 0)
    stretches.push({ start: some[0]!.start, ok: sum('message_published_ok'), notOk: sum('message_published_not_ok') })
  }
  const [ok, notOk] = [total(stretches, 'ok'), total(stretches, 'notOk')]
  const bad = stretches.filter((one) => toneOf(one) === 'bad').length
  const summary =
    ok + notOk === 0
      ? 'Nothing was sent to it.'
      : `${plural(ok, 'success', 'successes')} and ${plural(notOk, 'failure')}, ${percent(ok, ok + notOk)}${bad === 0 ? '' : `; mostly failures in ${plural(bad, 'stretch', 'stretches')} of ${duration(size * BUCKET_MS)}`}.`
  return (
    <div className="stack">
      <div className="strip" role="img" aria-label={`Over ${rangeText(range)}: ${summary}`}>
        {stretches.map((one) => (
          <i
            key={one.start}
            data-tone={toneOf(one)}
            title={`${hourMinute(one.start)}: ${one.ok} ok, ${one.notOk} failed`}
          />
        ))}
      </div>
      <div className="spread small faint" aria-hidden>
        <span>{stretches[0] && hourMinute(stretches[0].start)}</span>
        <span>{'lastMs' in range ? 'now' : hourMinute(range.until)}</span>
      </div>
      <p className="small soft">{summary}</p>
    </div>
  )
}

function total(stretches: Stretch[], what: 'ok' | 'notOk'): number {
  return stretches.reduce((sum, one) => sum + one[what], 0)
}

function toneOf({ ok, notOk }: Stretch): 'good' | 'wait' | 'bad' | undefined {
  if (ok + notOk === 0) return undefined
  const share = ok / (ok + notOk)
  if (share >= GOOD_FROM) return 'good'
  return share < BAD_BELOW ? 'bad' : 'wait'
}
