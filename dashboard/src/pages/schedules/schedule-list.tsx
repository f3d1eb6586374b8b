import { Plus } from 'lucide-react'
import { useState } from 'react'
import { Link } from 'wouter'
import { useSchedules } from '../../api/queries.ts'
import type { Queue, Schedule } from '../../api/types.ts'
import { Badge } from '../../parts/badge.tsx'
import { Button } from '../../parts/button.tsx'
import { Empty } from '../../parts/empty.tsx'
import { Loaded } from '../../parts/loaded.tsx'
import { curl } from '../../parts/snippet.tsx'
import { type Column, Table } from '../../parts/table.tsx'
import { Ago } from '../../parts/time.tsx'
import { dateTime, duration, number } from '../../words/format.ts'
import { ScheduleDialog } from './schedule-dialog.tsx'

/** The schedules of one queue. */
export function ScheduleList({ queue }: { queue: Queue }) {
  const schedules = useSchedules(queue.id)
  const [creating, setCreating] = useState(false)
  const add = (
    <Button icon={Plus} onPress={() => setCreating(true)}>
      New schedule
    </Button>
  )
  return (
    <>
      <Loaded query={schedules} what="the schedules" scope="schedules: read">
        {(all) =>
          all.length === 0 ? (
            <Empty
              title="Nothing is scheduled"
              action={add}
              paste={curl('POST', `/queues/${queue.id}/schedules`, {
                name: 'nightly',
                cron: '0 3 * * *',
                timezone: 'Europe/Berlin',
                data: '{"report":"daily"}',
              })}
            >
              A schedule puts a message on the queue at its times: by cron, in an interval, or once.
            </Empty>
          ) : (
            <div className="stack">
              <Table label="Schedules" columns={COLUMNS} rows={all.map((one): Row => ({ ...one, queue }))} />
              <div>{add}</div>
            </div>
          )
        }
      </Loaded>
      <ScheduleDialog isOpen={creating} onClose={() => setCreating(false)} queues={[queue]} />
    </>
  )
}

type Row = Schedule & { queue: Queue }

/** "0 3 * * *", "every 15 min", "every P1M", "once, 3 May 12:00". */
export function ruleOf({ cron, every, at }: Pick<Schedule, 'cron' | 'every' | 'at'>): string {
  if (cron) return cron
  if (every) return `every ${typeof every === 'string' ? every : duration(every)}`
  return at ? `once, ${dateTime(at)}` : 'never'
}

export const COLUMNS: Column<Row>[] = [
  {
    title: 'Schedule',
    width: 'minmax(0, 1.6fr)',
    cell: ({ id, name, paused, queue }) => (
      <span className="row">
        <Link href={`/queues/${queue.id}/schedules/${id}`}>{name}</Link>
        {paused && <Badge tone="wait">paused</Badge>}
      </span>
    ),
  },
  {
    title: 'Queue',
    width: 'minmax(0, 1fr)',
    phone: 'hide',
    cell: ({ queue }) => <Link href={`/queues/${queue.id}/schedules`}>{queue.name}</Link>,
  },
  {
    title: 'Runs',
    width: 'minmax(0, 1.2fr)',
    phone: 'wide',
    cell: (schedule) => (
      <>
        <code>{ruleOf(schedule)}</code> <span className="small faint">{schedule.timezone}</span>
      </>
    ),
  },
  {
    title: 'Next',
    width: 'minmax(0, 0.9fr)',
    align: 'end',
    phone: 'label',
    cell: ({ next_runs }) =>
      next_runs[0] === undefined ? <span className="faint">none</span> : <Ago at={next_runs[0]} />,
  },
  {
    title: 'Last',
    width: 'minmax(0, 0.9fr)',
    align: 'end',
    phone: 'label',
    cell: ({ last_run_at }) => <Ago at={last_run_at} />,
  },
  {
    title: 'Runs so far',
    width: 'minmax(0, 0.8fr)',
    align: 'end',
    phone: 'label',
    cell: ({ run_count }) => number(run_count),
  },
]
