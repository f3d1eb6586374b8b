import { Pause, Pencil, Play, Trash2, Zap } from 'lucide-react'
import { useState } from 'react'
import { useLocation } from 'wouter'
import { call } from '../../api/client.ts'
import { useQueue, useRuns, useSchedule } from '../../api/queries.ts'
import type { Ref, Schedule, ScheduleRun } from '../../api/types.ts'
import { Badge } from '../../parts/badge.tsx'
import { Button } from '../../parts/button.tsx'
import { Confirm } from '../../parts/confirm.tsx'
import { Loaded } from '../../parts/loaded.tsx'
import { Menu } from '../../parts/menu.tsx'
import { Card, Page } from '../../parts/page.tsx'
import { Snippet } from '../../parts/snippet.tsx'
import { useChange } from '../../parts/use-change.ts'
import { bodyPreview } from '../../words/body.ts'
import { inZone, userZone } from '../../words/format.ts'
import { History } from './history.tsx'
import { type Run, RunLine } from './run-line.tsx'
import { ScheduleDialog } from './schedule-dialog.tsx'
import { ScheduleFacts } from './schedule-facts.tsx'
import { ruleOf } from './schedule-list.tsx'
import { usePreview, type When } from './use-preview.ts'

export function SchedulePage({ queueId, scheduleId }: { queueId: string; scheduleId: string }) {
  const schedule = useSchedule(queueId, scheduleId)
  return (
    <Loaded query={schedule} what="this schedule" scope="schedules: read" bones={420}>
      {(data) => <ScheduleParts schedule={data} queueId={queueId} />}
    </Loaded>
  )
}

function ScheduleParts({ schedule, queueId }: { schedule: Schedule; queueId: string }) {
  const queue = useQueue(queueId)
  const runs = useRuns(queueId, schedule.id)
  const [open, setOpen] = useState<'none' | 'edit' | 'delete'>('none')
  const [, go] = useLocation()
  const path = `/queues/${queueId}/schedules/${schedule.id}`
  const close = () => setOpen('none')
  const pause = useChange((paused: boolean) => call('PATCH', path, { body: { paused } }), {
    said: schedule.paused
      ? 'The schedule runs again.'
      : 'The schedule is paused: what falls into the pause is skipped.',
  })
  const run = useChange(async () => (await call<{ message: Ref }>('POST', `${path}/run`)).message, {
    said: 'It ran: its message is on disk.',
    after: ({ id }) => go(`/queues/${queueId}/messages/${id}`),
  })
  const zone = schedule.timezone ?? 'UTC'
  const { preview } = usePreview(lastingOf(schedule))
  return (
    <Page
      title={schedule.name}
      trail={[
        ['Queues', '/queues'],
        [queue.data?.name ?? 'Queue', `/queues/${queueId}`],
        ['Schedules', `/queues/${queueId}/schedules`],
      ]}
      badge={schedule.paused ? <Badge tone="wait">paused</Badge> : undefined}
      lead={
        <>
          {preview && <span>{preview.words}. </span>}
          <code>{ruleOf(schedule)}</code> {(schedule.cron || typeof schedule.every === 'string') && `in ${zone}`}
        </>
      }
      actions={
        <>
          <Button icon={Zap} isDisabled={run.isPending} onPress={() => run.mutate()}>
            Run now
          </Button>
          <Button
            icon={schedule.paused ? Play : Pause}
            isDisabled={pause.isPending}
            onPress={() => pause.mutate(!schedule.paused)}
          >
            {schedule.paused ? 'Resume' : 'Pause'}
          </Button>
          <Menu
            label="More for this schedule"
            parts={[
              { title: 'Edit', icon: Pencil, act: () => setOpen('edit') },
              { title: 'Delete', icon: Trash2, act: () => setOpen('delete'), danger: true },
            ]}
          />
        </>
      }
    >
      {(run.error ?? pause.error) && (
        <p className="fault" role="alert">
          {(run.error ?? pause.error)?.message}
        </p>
      )}
      <Card title="Runs">
        <RunLine
          runs={[
            ...pastRuns(schedule, runs.data ?? []),
            ...(schedule.paused ? [] : schedule.next_runs.map((at) => ({ at, name: schedule.name }))),
          ]}
        />
      </Card>
      <div className="columns">
        <Card title="Next">
          <NextRuns schedule={schedule} zone={zone} />
        </Card>
        <div className="stack">
          <ScheduleFacts schedule={schedule} />
          <Card title="Data of each message">
            <Snippet label="Copy the data">{bodyPreview(schedule)}</Snippet>
          </Card>
        </div>
      </div>
      <History runs={runs} queueId={queueId} />
      <ScheduleDialog
        isOpen={open === 'edit'}
        onClose={close}
        queues={[{ id: queueId, name: queue.data?.name ?? '' }]}
        schedule={schedule}
      />
      <Confirm
        title={`Delete ${schedule.name}?`}
        verb="Delete the schedule"
        isOpen={open === 'delete'}
        onClose={close}
        done={`The schedule ${schedule.name} is deleted.`}
        act={async () => {
          await call('DELETE', path)
          go(`/queues/${queueId}/schedules`)
        }}
      >
        <p>It makes no message any more. Those that it has made stay.</p>
      </Confirm>
    </Page>
  )
}

/** What its words say, also when it is over: for a moment, the rule says all. */
function lastingOf({ cron, every, timezone, starts_at }: Schedule): When | null {
  if (cron) return { cron, timezone }
  return every ? { every, timezone, starts_at } : null
}

const SHOWN_PAST = 5

/** As many past runs as due times come next, so that now stands in the middle. */
function pastRuns({ name, last_run_at }: Schedule, runs: ScheduleRun[]): Run[] {
  const times = runs.length > 0 ? runs.map(({ due_at }) => due_at) : last_run_at === null ? [] : [last_run_at]
  return times.slice(0, SHOWN_PAST).map((at) => ({ at, name, past: true }))
}

/** Each in the schedule's zone and in the user's, where they differ. */
function NextRuns({ schedule, zone }: { schedule: Schedule; zone: string }) {
  const own = userZone()
  if (schedule.paused) return <p className="soft">None while it is paused.</p>
  if (schedule.next_runs.length === 0) return <p className="soft">None: it is over.</p>
  return (
    <ul className="stack">
      {schedule.next_runs.map((at) => (
        <li key={at}>
          <div className="num">{inZone(at, zone)}</div>
          <div className="small soft num">
            {zone}
            {zone !== own && ` · for you ${inZone(at, own)}, ${own}`}
          </div>
        </li>
      ))}
    </ul>
  )
}
