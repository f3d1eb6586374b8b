import { Field, Span } from '../../parts/field.tsx'
import type { ScheduleFields } from './fields.ts'

/** What each message of the schedule says. */
export function MessageFields({ field }: ScheduleFields) {
  return (
    <>
      <Field
        label="Data of each message"
        rows={4}
        mono
        hint="Of bytes, empty keeps them."
        {...field('data', '/data')}
      />
      <Field label="Content-Type of each message (optional)" {...field('contentType', '/content_type')} />
      <div className="form-row">
        <Field label="Name of each message (optional)" {...field('messageName', '/message_name')} />
        <Field label="Key of each message (optional)" {...field('key', '/key')} />
      </div>
      <div className="form-row">
        <Span label="Each message expires after (optional)" {...field('expiresAfter', '/expires_in')} />
        <Field
          label="Headers of each message, one a line (optional)"
          rows={2}
          mono
          placeholder="x-tenant: shop"
          {...field('headers', '/headers')}
        />
      </div>
    </>
  )
}
