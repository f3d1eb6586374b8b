import { Field, Moment } from '../../parts/field.tsx'
import { userZone } from '../../words/format.ts'
import type { ScheduleFields } from './fields.ts'
import { Preview } from './preview.tsx'
import type { usePreview } from './use-preview.ts'

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

/** When it runs, and what the server makes of that. */
export function WhenFields({
  draft,
  change,
  field,
  outlook,
}: ScheduleFields & { outlook: ReturnType<typeof usePreview> }) {
  return (
    <>
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
            hint="Each run has this time of the day; else that of the creation of the schedule."
            value={draft.startsAt}
            onChange={(startsAt) => change({ startsAt })}
          />
        </>
      )}
      {draft.kind === 'at' && (
        <Moment
          label="At, in your own time"
          fault={field('at', '/at').fault}
          value={draft.at}
          onChange={(at) => change({ at })}
        />
      )}
      <Preview {...outlook} zone={draft.kind === 'every' || draft.kind === 'at' ? userZone() : draft.timezone} />
    </>
  )
}
