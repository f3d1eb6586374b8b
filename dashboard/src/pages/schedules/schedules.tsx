import { Plus } from 'lucide-react'
import { useMemo } from 'react'
import { Link } from 'wouter'
import { useOpened } from '../../address.ts'
import { useAllSchedules, useQueues } from '../../api/queries.ts'
import { Button } from '../../parts/button.tsx'
import { Empty } from '../../parts/empty.tsx'
import { Loaded } from '../../parts/loaded.tsx'
import { Card, Page } from '../../parts/page.tsx'
import { curl } from '../../parts/snippet.tsx'
import { Table } from '../../parts/table.tsx'
import { userZone } from '../../words/format.ts'
import { RunLine } from './run-line.tsx'
import { ScheduleDialog } from './schedule-dialog.tsx'
import { COLUMNS } from './schedule-list.tsx'

/** Every schedule, and what comes next of all of them. */
export function SchedulesPage() {
  const queues = useQueues()
  const schedules = useAllSchedules(queues.data)
  const runs = useMemo(
    () =>
      (schedules.data ?? [])
        .filter(({ paused }) => !paused)
        .flatMap(({ name, next_runs }) => next_runs.map((at) => ({ at, name })))
        .sort((a, b) => a.at - b.at),
    [schedules.data],
  )
  const [creating, setCreating] = useOpened()
  const hasQueues = (queues.data?.length ?? 0) > 0
  const newSchedule = (
    <Button kind="primary" icon={Plus} onPress={() => setCreating(true)}>
      New schedule
    </Button>
  )
  return (
    <Page
      title="Schedules"
      lead={`Messages that are made by themselves. Times are yours, in ${userZone()}.`}
      actions={hasQueues && newSchedule}
    >
      <Loaded query={queues} what="the queues" scope="queues: read">
        {() => (
          <Loaded query={schedules} what="schedules" scope="schedules: read">
            {(all) =>
              all.length === 0 ? (
                <Empty
                  title="Nothing is scheduled"
                  paste={curl('POST', `/queues/${queues.data?.[0]?.id ?? 'ID-OF-A-QUEUE'}/schedules`, {
                    name: 'nightly',
                    cron: '0 3 * * *',
                    timezone: userZone(),
                    data: '{"report":"daily"}',
                  })}
                >
                  {hasQueues ? (
                    'A schedule puts a message on a queue at its times: by cron, in an interval, by the calendar, or once.'
                  ) : (
                    <>
                      A schedule belongs to a queue: create one on the <Link href="/queues">page of queues</Link> first.
                    </>
                  )}
                </Empty>
              ) : (
                <>
                  <Card title="Next runs">
                    <RunLine runs={runs} />
                  </Card>
                  <Table label="Schedules" columns={COLUMNS} rows={all} />
                </>
              )
            }
          </Loaded>
        )}
      </Loaded>
      {hasQueues && <ScheduleDialog isOpen={creating} onClose={() => setCreating(false)} queues={queues.data!} />}
    </Page>
  )
}
