import { Moment } from '../../parts/field.tsx'

/** When messages were accepted, in epoch ms; null: however old, or up to now. */
export interface TimeRange {
  since: number | null
  until: number | null
}

export function TimeRangeFields({ range, onChange }: { range: TimeRange; onChange: (range: TimeRange) => void }) {
  const { since, until } = range
  return (
    <div className="form-row">
      <Moment
        label="Since"
        value={since}
        onChange={(from) => onChange({ since: from, until })}
        hint="Empty: all that are kept"
      />
      <Moment label="Until" value={until} onChange={(end) => onChange({ since, until: end })} hint="Empty: now" />
    </div>
  )
}
