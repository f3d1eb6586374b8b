import { Link } from 'wouter'
import type { useRuns } from '../../api/queries.ts'
import type { ScheduleRun } from '../../api/types.ts'
import { Loaded } from '../../parts/loaded.tsx'
import { Card } from '../../parts/page.tsx'
import { dateTime, number } from '../../words/format.ts'

function skippedText({ count, first, reason }: NonNullable<ScheduleRun['skipped']>): string {
  return count === 1 ? `(${reason})` : `with ${number(count - 1)} before, since ${dateTime(first)} (${reason})`
}

/** What became of its due times. */
export function History({ runs, queueId }: { runs: ReturnType<typeof useRuns>; queueId: string }) {
  return (
    <Card title="History">
      <Loaded query={runs} what="the runs" scope="schedules: read">
        {(all) =>
          all.length === 0 ? (
            <p className="soft">It has not run yet.</p>
          ) : (
            <ul className="stack">
              {all.map(({ due_at, message_id, error, skipped }) => (
                <li key={due_at} className="spread">
                  <span className="num">{dateTime(due_at)}</span>
                  {error ? (
                    <span className="fault">{error}</span>
                  ) : message_id ? (
                    <Link href={`/queues/${queueId}/messages/${message_id}`} className="mono">
                      {message_id}
                    </Link>
                  ) : (
                    <span className="faint">{skipped ? `skipped ${skippedText(skipped)}` : 'no message'}</span>
                  )}
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
    </Card>
  )
}
