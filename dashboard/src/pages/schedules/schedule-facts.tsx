import { Link } from 'wouter'
import type { Schedule } from '../../api/types.ts'
import { Card, Facts } from '../../parts/page.tsx'
import { Ago } from '../../parts/time.tsx'
import { dateTime, duration, number } from '../../words/format.ts'

const OVERLAP = { allow: 'runs all the same', skip: 'skips while the message before is pending' }
const CATCH_UP = { none: 'only the next run counts', last: 'makes up for the last one', all: 'makes up for all' }

/** By which rules a schedule runs, and what its messages say. */
export function ScheduleFacts({ schedule }: { schedule: Schedule }) {
  return (
    <Card title="About">
      <Facts
        facts={[
          ['Ran', `${number(schedule.run_count)} times`],
          ['Last', <Ago key="last" at={schedule.last_run_at} />],
          [
            'Last message',
            schedule.last_message_id ? (
              <Link
                key="message"
                href={`/queues/${schedule.queue_id}/messages/${schedule.last_message_id}`}
                className="mono"
              >
                {schedule.last_message_id}
              </Link>
            ) : (
              'none yet'
            ),
          ],
          ['From', schedule.starts_at ? dateTime(schedule.starts_at) : 'its creation'],
          ['Until', schedule.ends_at ? dateTime(schedule.ends_at) : 'no end'],
          ...messageFacts(schedule),
          ['Jitter', schedule.jitter === 0 ? 'none' : `up to ${number(schedule.jitter / 1000)} s later`],
          ['Overlap', OVERLAP[schedule.overlap]],
          ['After downtime', CATCH_UP[schedule.catch_up ?? 'none']],
        ]}
      />
    </Card>
  )
}

/** What its messages say beside their data. */
function messageFacts({ message_name, key, headers, expires_in }: Schedule): [string, string][] {
  const names = Object.keys(headers ?? {})
  return [
    ...(message_name === null ? [] : [['Name of each message', message_name] as [string, string]]),
    ...(key === null ? [] : [['Key of each message', key] as [string, string]]),
    ...(names.length === 0 ? [] : [['Headers of each message', names.join(', ')] as [string, string]]),
    ...(expires_in === null
      ? []
      : [['Each message expires', `${duration(expires_in)} after it is due`] as [string, string]]),
  ]
}
