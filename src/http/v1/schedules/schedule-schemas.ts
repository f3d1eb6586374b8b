import { Type } from 'typebox'
import { MAX_DELAY_MS } from '../../../core/delivery/due-time.ts'
import { MAX_DATA_BYTES, MAX_KEY_LENGTH } from '../../../core/delivery/message.ts'
import { CATCH_UPS, MAX_TIME, MIN_EVERY_MS, OVERLAPS } from '../../../core/schedule/schedule.ts'
import { exactlyOne } from '../../openapi/exclusive.ts'
import { Id, Name, NullableText, NullableTime, readOnly, strict, Time } from '../../present/schemas.ts'
import { ContentType, DataBase64, Headers, ShownBody } from '../messages/message-form.ts'

const EXAMPLE_CRON = '0 9 * * MON-FRI'
const EXAMPLE_TIME = 1_767_225_600_000

/** A PUT that sends back what was read may say of an absent one that it is null. */
function orNull<Value>(schema: object, ...types: ('string' | 'integer' | 'object')[]) {
  return Type.Optional(Type.Unsafe<Value | null>({ ...schema, type: [...types, 'null'] }))
}

const time = { minimum: 0, maximum: MAX_TIME, examples: [EXAMPLE_TIME] }
const CatchUp = Type.Enum([...CATCH_UPS], {
  title: 'CatchUp',
  description:
    'what becomes of due times at which no server was running: the newest runs while it is less than a minute past ' +
    '(none), the newest runs (last), or each runs (all)',
})
const Overlap = Type.Enum([...OVERLAPS], {
  title: 'Overlap',
  description:
    'whether a due time makes its message while the message of the one before it is still pending (allow), or is passed ' +
    'over (skip)',
})
const settings = {
  cron: orNull<string>(
    {
      format: 'cron',
      description:
        '5 fields (minute, hour, day of month, month, day of week), or 6 with the second before them, or @yearly, ' +
        '@annually, @monthly, @weekly, @daily, @midnight, @hourly; CRON_TZ=Europe/Berlin before them sets timezone',
      examples: [EXAMPLE_CRON],
    },
    'string',
  ),
  every: orNull<number | string>(
    {
      minimum: MIN_EVERY_MS,
      maximum: MAX_TIME,
      format: 'period',
      description:
        'milliseconds, or a calendar period of at least one day in timezone (ISO 8601, such as P2W, P1M or P1Y6M); counted ' +
        'from starts_at, at which a period begins, or else from its creation',
      examples: [60_000, 'P1M'],
    },
    'integer',
    'string',
  ),
  at: orNull<number>({ ...time, description: 'once, in milliseconds since the Unix epoch' }, 'integer'),
  timezone: Type.Optional(
    Type.String({
      format: 'timezone',
      description: 'of cron and of a calendar period: the name of an IANA time zone; UTC unless told',
      examples: ['Europe/Berlin'],
    }),
  ),
  content_type: orNull<string>(ContentType, 'string'),
  message_name: orNull<string>(
    { format: 'name', description: 'the name of each message', examples: ['report'] },
    'string',
  ),
  key: orNull<string>(
    {
      format: 'message-key',
      description: `the key of each message, 1 to ${MAX_KEY_LENGTH} characters; listeners with ordering by key go by it`,
      examples: ['customer-17'],
    },
    'string',
  ),
  headers: orNull<Record<string, string>>(Headers, 'object'),
  expires_in: orNull<number>(
    {
      minimum: 1,
      maximum: MAX_DELAY_MS,
      description: 'milliseconds after it is made, in which each message is delivered or expires',
      examples: [300_000],
    },
    'integer',
  ),
  starts_at: orNull<number>({ ...time, description: 'no due time lies before; inclusive' }, 'integer'),
  ends_at: orNull<number>({ ...time, description: 'no due time lies behind; inclusive' }, 'integer'),
  paused: Type.Optional(Type.Boolean({ description: 'a pause skips what falls into it' })),
  catch_up: Type.Optional(CatchUp),
  overlap: Type.Optional(Overlap),
  jitter: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: MAX_TIME,
      description:
        'milliseconds by which each due time is run later, at most: another number for each schedule and due time, and ' +
        'the same whenever it is worked out; at most half of the shortest time between two due times',
      examples: [30_000],
    }),
  ),
}
const Data = Type.String({
  format: 'unicode',
  description: `of each message: at most ${MAX_DATA_BYTES / 1024} KiB of UTF-8; required unless data_base64 is there`,
  examples: ['{"order":1}'],
})

/** What creates a schedule. */
export const NewSchedule = strict(
  { name: Name, data: Type.Optional(Data), data_base64: Type.Optional(DataBase64), ...settings },
  exactlyOne('cron', 'every', 'at'),
)

export const EXAMPLE_SCHEDULE = { name: 'orders', data: '{"order":1}', cron: EXAMPLE_CRON, timezone: 'Europe/Berlin' }

/** When a schedule would be due, without anything else of it. */
export const When = strict(
  {
    cron: settings.cron,
    every: settings.every,
    at: settings.at,
    timezone: settings.timezone,
    starts_at: settings.starts_at,
    ends_at: settings.ends_at,
  },
  exactlyOne('cron', 'every', 'at'),
)

export const EXAMPLE_WHEN = { cron: EXAMPLE_CRON, timezone: 'Europe/Berlin' }

/** The body that changes a schedule. */
export const ScheduleChange = strict({
  name: Type.Optional(Name),
  data: Type.Optional(Data),
  data_base64: Type.Optional(DataBase64),
  ...settings,
  ...readOnly('id', 'queue_id', 'created_at', 'updated_at', 'next_runs', 'last_run_at', 'last_message_id'),
  ...readOnly('run_count', 'error'),
})

export const EXAMPLE_CHANGE = { cron: EXAMPLE_CRON, timezone: 'Europe/Berlin', paused: false }

/** The full form. */
export const Schedule = Type.Object(
  {
    id: Id,
    name: Type.String(),
    queue_id: Id,
    cron: Type.Optional(Type.String({ examples: [EXAMPLE_CRON] })),
    every: Type.Optional(Type.Unsafe<number | string>({ type: ['integer', 'string'], examples: [60_000, 'P1M'] })),
    at: Type.Optional(Time),
    timezone: Type.String({ examples: ['Europe/Berlin'] }),
    ...ShownBody,
    message_name: NullableText,
    key: NullableText,
    headers: Type.Union([Headers, Type.Null()]),
    expires_in: Type.Unsafe<number | null>({ type: ['integer', 'null'], examples: [300_000] }),
    starts_at: NullableTime,
    ends_at: NullableTime,
    paused: Type.Boolean(),
    catch_up: CatchUp,
    overlap: Overlap,
    jitter: Type.Integer({ examples: [30_000] }),
    created_at: Time,
    updated_at: Time,
    next_runs: Type.Array(Time, { description: 'the next five due times; with jitter, they run up to so much later' }),
    last_run_at: NullableTime,
    last_message_id: NullableText,
    run_count: Type.Integer({ examples: [7] }),
    error: Type.Optional(
      Type.String({
        description: 'why this server cannot read it; it makes no messages',
        examples: ['timezone "Atlantis/Capital" is not in the time zone data of this server'],
      }),
    ),
  },
  { title: 'Schedule' },
)

/** One due time and what became of it. */
export const Run = Type.Object(
  {
    due_at: Time,
    ran_at: Time,
    message_id: NullableText,
    error: Type.Optional(
      Type.String({
        description: 'why it made no message',
        examples: ["the message does not fit its queue's schema; /data/order is required"],
      }),
    ),
    skipped: Type.Optional(
      Type.Object(
        {
          count: Type.Integer({ examples: [3] }),
          first: Time,
          last: Time,
          reason: Type.String({ examples: ['no server was running'] }),
        },
        { title: 'SkippedRuns', description: 'due times that were passed over together, and why; due_at is the last' },
      ),
    ),
  },
  { title: 'ScheduleRun' },
)
