import { Choice, Field } from '../../parts/field.tsx'
import type { ScheduleFields } from './fields.ts'

/** What becomes of runs that come late, together, or while the one before is not done. */
export function RuleFields({ field }: ScheduleFields) {
  return (
    <>
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
    </>
  )
}
