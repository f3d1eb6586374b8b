import { useState } from 'react'
import { useLocation } from 'wouter'
import { call } from '../../api/client.ts'
import type { Queue, Schedule } from '../../api/types.ts'
import { Dialog } from '../../parts/dialog.tsx'
import { Choice, Field } from '../../parts/field.tsx'
import { Form, faultAt } from '../../parts/form.tsx'
import { useChange } from '../../parts/use-change.ts'
import { isLength } from '../../words/spans.ts'
import type { ScheduleFields } from './fields.ts'
import { MessageFields } from './message-fields.tsx'
import { RuleFields } from './rule-fields.tsx'
import { bodyOf, type Draft, draftOf, whenOf } from './schedule-draft.ts'
import { usePreview } from './use-preview.ts'
import { WhenFields } from './when-fields.tsx'

type QueueName = Pick<Queue, 'id' | 'name'>

/** Creates a schedule of one of the queues, or changes the one that is given. */
export function ScheduleDialog({
  isOpen,
  onClose,
  queues,
  schedule,
}: {
  isOpen: boolean
  onClose: () => void
  /** At least one; the first is proposed. */
  queues: QueueName[]
  schedule?: Schedule
}) {
  return (
    <Dialog title={schedule ? `Edit ${schedule.name}` : 'New schedule'} isOpen={isOpen} onClose={onClose} size="wide">
      <ScheduleForm queues={queues} schedule={schedule} onClose={onClose} />
    </Dialog>
  )
}

/** The properties whose faults are told beside their fields. */
const SHOWN = [
  ...['/name', '/cron', '/timezone', '/every', '/at', '/data', '/content_type', '/message_name', '/key', '/jitter'],
  ...['/headers', '/expires_in'],
]

function ScheduleForm({
  queues,
  schedule,
  onClose,
}: {
  queues: QueueName[]
  schedule: Schedule | undefined
  onClose: () => void
}) {
  const [draft, setDraft] = useState(() => draftOf(schedule))
  const [queueId, setQueueId] = useState(queues[0]!.id)
  const [, go] = useLocation()
  const path = `/queues/${queueId}/schedules`
  const save = useChange(
    async () => {
      const body = bodyOf(draft)
      const answer = await (schedule
        ? call<{ schedule: Schedule }>('PATCH', `${path}/${schedule.id}`, { body })
        : call<{ schedule: Schedule }>('POST', path, { body }))
      return answer.schedule
    },
    {
      said: schedule ? 'The schedule is changed.' : 'The schedule is created.',
      after: ({ id }) => {
        onClose()
        if (!schedule) go(`/queues/${queueId}/schedules/${id}`)
      },
    },
  )
  const outlook = usePreview(whenOf(draft))
  const field: ScheduleFields['field'] = (name, path) => ({
    value: String(draft[name] ?? ''),
    onChange: (value) => setDraft((all) => ({ ...all, [name]: value })),
    fault: path === undefined ? undefined : (faultAt(outlook.error, path) ?? faultAt(save.error, path)),
  })
  const parts = { draft, field, change: (part: Partial<Draft>) => setDraft((all) => ({ ...all, ...part })) }
  return (
    <Form
      verb={schedule ? 'Save' : 'Create the schedule'}
      isPending={save.isPending}
      isDisabled={
        draft.name.trim() === '' || (draft.kind === 'at' && draft.at === null) || !isLength(draft.expiresAfter)
      }
      error={save.error}
      shown={SHOWN}
      onCancel={onClose}
      onSubmit={() => save.mutate()}
    >
      {queues.length > 1 && (
        <Choice
          label="Queue"
          value={queueId}
          onChange={setQueueId}
          options={queues.map(({ id, name }) => [id, name])}
        />
      )}
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
      <WhenFields {...parts} outlook={outlook} />
      <MessageFields {...parts} />
      <RuleFields {...parts} />
    </Form>
  )
}
