import { useState } from 'react'
import { useLocation } from 'wouter'
import { call } from '../../api/client.ts'
import type { Queue, Schedule } from '../../api/types.ts'
import { Dialog } from '../../parts/dialog.tsx'
import { Choice, Field, Moment } from '../../parts/field.tsx'
import { Form, faultAt } from '../../parts/form.tsx'
import { useChange } from '../../parts/use-change.ts'
import { userZone } from '../../words/format.ts'
import { Preview } from './preview.tsx'
import { usePreview, type When } from './use-preview.ts'

type Kind = 'cron' | 'every' | 'period' | 'at'

/** Makes a schedule of a queue, or changes the one that is given. */
export function ScheduleDialog({
  isOpen,
  onClose,
  queue,
  schedule,
}: {
  isOpen: boolean
  onClose: () => void
  queue: Pick<Queue, 'id' | 'name'>
  schedule?: Schedule
}) {
  return (
    <Dialog title={schedule ? `Edit ${schedule.name}` : 'New schedule'} isOpen={isOpen} onClose={onClose}>
      <ScheduleForm queue={queue} schedule={schedule} onClose={onClose} />
    </Dialog>
  )
}

/** Every zone that the browser knows, to pick from while typing. */
const ZONES: string[] = Intl.supportedValuesOf('timeZone')

/** The time zone that a schedule goes by. */
function ZoneField(field: { value: string; onChange: (value: string) => void; fault: string | undefined }) {
  return (
    <>
      <Field label="Time zone" list="zones" hint="Right across daylight saving." {...field} />
      <datalist id="zones">
        {ZONES.map((zone) => (
          <option key={zone} value={zone} />
        ))}
      </datalist>
    </>
  )
}

interface Draft {
  name: string
  kind: Kind
  cron: string
  everySeconds: string
  period: string
  startsAt: number | null
  at: number | null
  timezone: string
  data: string
  messageName: string
  catchUp: string
  key: string
  overlap: string
  jitterSeconds: string
}

function draftOf(schedule: Schedule | undefined): Draft {
  return {
    name: schedule?.name ?? '',
    kind: kindOf(schedule),
    cron: schedule?.cron ?? '0 3 * * *',
    everySeconds: typeof schedule?.every === 'number' ? String(schedule.every / 1000) : '900',
    period: typeof schedule?.every === 'string' ? schedule.every : 'P1M',
    startsAt: schedule?.starts_at ?? null,
    at: schedule?.at ?? null,
    timezone: schedule?.timezone ?? userZone(),
    data: schedule?.data ?? '{}',
    messageName: schedule?.message_name ?? '',
    catchUp: schedule?.catch_up ?? 'none',
    key: schedule?.key ?? '',
    overlap: schedule?.overlap ?? 'allow',
    jitterSeconds: String((schedule?.jitter ?? 0) / 1000),
  }
}

function kindOf(schedule: Schedule | undefined): Kind {
  if (typeof schedule?.every === 'string') return 'period'
  return schedule?.every ? 'every' : schedule?.at ? 'at' : 'cron'
}

/** When it runs, of what was typed so far: the server says what is wrong with it. */
function whenOf(draft: Draft): When | null {
  if (draft.kind === 'at') return draft.at === null ? null : { at: draft.at, timezone: draft.timezone }
  const { cron, every, timezone, starts_at } = bodyOf(draft) as When
  if (draft.kind === 'cron') return { cron, timezone }
  return draft.kind === 'every' ? { every } : { every, timezone, starts_at }
}

function bodyOf(draft: Draft): Record<string, unknown> {
  // A schedule says in one way when it runs: the other two are none.
  const none = { cron: null, every: null, at: null }
  const when = {
    cron: { ...none, cron: draft.cron, timezone: draft.timezone },
    every: { ...none, every: millisecondsOf(draft.everySeconds) },
    period: { ...none, every: draft.period.trim(), timezone: draft.timezone, starts_at: draft.startsAt },
    at: { ...none, at: draft.at },
  }
  const what = { name: draft.name, data: draft.data, message_name: draft.messageName || null, key: draft.key || null }
  const rules = { catch_up: draft.catchUp, overlap: draft.overlap, jitter: millisecondsOf(draft.jitterSeconds) }
  return { ...what, ...rules, ...when[draft.kind] }
}

/** What is no number goes as it was typed: the server says what is wrong with it. */
function millisecondsOf(typed: string): number | string {
  const seconds = typed.trim() === '' ? Number.NaN : Number(typed)
  return Number.isFinite(seconds) ? Math.round(seconds * 1000) : typed
}

function ScheduleForm({
  queue,
  schedule,
  onClose,
}: {
  queue: Pick<Queue, 'id'>
  schedule: Schedule | undefined
  onClose: () => void
}) {
  const [draft, setDraft] = useState(() => draftOf(schedule))
  const [, go] = useLocation()
  const path = `/queues/${queue.id}/schedules`
  const save = useChange(
    async () => {
      const body = bodyOf(draft)
      const answer = await (schedule
        ? call<{ schedule: Schedule }>('PATCH', `${path}/${schedule.id}`, { body })
        : call<{ schedule: Schedule }>('POST', path, { body }))
      return answer.schedule
    },
    {
      said: schedule ? 'The schedule is changed.' : 'The schedule is made.',
      after: ({ id }) => {
        onClose()
        if (!schedule) go(`/queues/${queue.id}/schedules/${id}`)
      },
    },
  )
  const outlook = usePreview(whenOf(draft))
  const field = (name: keyof Draft, path?: string) => ({
    value: String(draft[name] ?? ''),
    onChange: (value: string) => setDraft((all) => ({ ...all, [name]: value })),
    fault: path === undefined ? undefined : (faultAt(outlook.error, path) ?? faultAt(save.error, path)),
  })
  return (
    <Form
      verb={schedule ? 'Save' : 'Make the schedule'}
      isPending={save.isPending}
      isDisabled={draft.name.trim() === '' || (draft.kind === 'at' && draft.at === null)}
      error={save.error}
      shown={['/name', '/cron', '/timezone', '/every', '/at', '/data', '/message_name', '/key', '/jitter']}
      onCancel={onClose}
      onSubmit={() => save.mutate()}
    >
      <div className="form-row">
        <Field label="Name" autoFocus {...field('name', '/name')} />
        <Choice
          label="Runs"
          options={[
            ['cron', 'By cron'],
            ['every', 'In an interval'],
            ['period', 'By the calendar'],
            ['at', 'Once'],
          ]}
          {...field('kind')}
        />
      </div>
      {draft.kind === 'cron' && (
        <div className="form-row">
          <Field label="Cron" mono hint="minute hour day month weekday" {...field('cron', '/cron')} />
          <ZoneField {...field('timezone', '/timezone')} />
        </div>
      )}
      {draft.kind === 'every' && (
        <Field label="Every so many seconds" inputMode="numeric" {...field('everySeconds', '/every')} />
      )}
      {draft.kind === 'period' && (
        <>
          <div className="form-row">
            <Field
              label="Every"
              mono
              hint="P1D a day, P2W two weeks, P1M a month, P1Y a year"
              {...field('period', '/every')}
            />
            <ZoneField {...field('timezone', '/timezone')} />
          </div>
          <Moment
            label="First at, in your own time (optional)"
            hint="Each run has this time of the day; else the time at which the schedule is made."
            value={draft.startsAt}
            onChange={(startsAt) => setDraft({ ...draft, startsAt })}
          />
        </>
      )}
      {draft.kind === 'at' && (
        <Moment
          label="At, in your own time"
          fault={faultAt(outlook.error, '/at') ?? faultAt(save.error, '/at')}
          value={draft.at}
          onChange={(at) => setDraft({ ...draft, at })}
        />
      )}
      <Preview {...outlook} zone={draft.kind === 'every' || draft.kind === 'at' ? userZone() : draft.timezone} />
      <Field label="Data of each message" rows={4} mono {...field('data', '/data')} />
      <div className="form-row">
        <Field label="Name of each message (optional)" {...field('messageName', '/message_name')} />
        <Field label="Key of each message (optional)" {...field('key', '/key')} />
      </div>
      <div className="form-row">
        <Field
          label="Jitter in seconds"
          inputMode="numeric"
          hint="Each run comes up to so much later."
          {...field('jitterSeconds', '/jitter')}
        />
        <Choice
          label="While the message before is pending"
          options={[
            ['allow', 'Run all the same'],
            ['skip', 'Skip the run'],
          ]}
          {...field('overlap')}
        />
      </div>
      <div className="form-row">
        <Choice
          label="After downtime"
          options={[
            ['none', 'Only the next run counts'],
            ['last', 'Make up for the last one'],
            ['all', 'Make up for all'],
          ]}
          {...field('catchUp')}
        />
      </div>
    </Form>
  )
}
