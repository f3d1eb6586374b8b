import type { Schedule } from '../../api/types.ts'
import { userZone } from '../../words/format.ts'
import { headersIn, linesOf } from '../../words/headers.ts'
import { lengthIn, spanOf } from '../../words/spans.ts'
import type { When } from './use-preview.ts'

type Kind = 'cron' | 'every' | 'period' | 'at'

/** A schedule as it is typed. */
export interface Draft {
  name: string
  kind: Kind
  cron: string
  everySeconds: string
  period: string
  startsAt: number | null
  at: number | null
  timezone: string
  data: string
  /** Of bytes no text is shown; they stay unless one is typed. */
  isBytes: boolean
  contentType: string
  messageName: string
  headers: string
  expiresAfter: string
  catchUp: string
  key: string
  overlap: string
  jitterSeconds: string
}

/** What the fields begin with: the schedule, or a proposal for a new one. */
export function draftOf(schedule: Schedule | undefined): Draft {
  return {
    name: schedule?.name ?? '',
    kind: kindOf(schedule),
    cron: schedule?.cron ?? '0 3 * * *',
    everySeconds: typeof schedule?.every === 'number' ? String(schedule.every / 1000) : '900',
    period: typeof schedule?.every === 'string' ? schedule.every : 'P1M',
    startsAt: schedule?.starts_at ?? null,
    at: schedule?.at ?? null,
    timezone: schedule?.timezone ?? userZone(),
    data: schedule === undefined ? '{}' : (schedule.data ?? ''),
    isBytes: schedule?.data_base64 !== undefined,
    contentType: schedule?.content_type ?? '',
    messageName: schedule?.message_name ?? '',
    headers: linesOf(schedule?.headers ?? {}),
    expiresAfter: schedule?.expires_in == null ? '' : spanOf(schedule.expires_in),
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
export function whenOf(draft: Draft): When | null {
  if (draft.kind === 'at') return draft.at === null ? null : { at: draft.at, timezone: draft.timezone }
  const { cron, every, timezone, starts_at } = bodyOf(draft) as When
  if (draft.kind === 'cron') return { cron, timezone }
  return draft.kind === 'every' ? { every } : { every, timezone, starts_at }
}

/** What the API takes for it. */
export function bodyOf(draft: Draft): Record<string, unknown> {
  // A schedule says in one way when it runs: the other two are none.
  const none = { cron: null, every: null, at: null }
  const when = {
    cron: { ...none, cron: draft.cron, timezone: draft.timezone },
    every: { ...none, every: millisecondsOf(draft.everySeconds) },
    period: { ...none, every: draft.period.trim(), timezone: draft.timezone, starts_at: draft.startsAt },
    at: { ...none, at: draft.at },
  }
  const what = {
    ...(draft.isBytes && draft.data === '' ? {} : { data: draft.data }),
    ...{
      name: draft.name,
      content_type: draft.contentType || null,
      message_name: draft.messageName || null,
      key: draft.key || null,
    },
    ...{
      headers: draft.headers.trim() === '' ? null : headersIn(draft.headers),
      expires_in: lengthIn(draft.expiresAfter),
    },
  }
  const rules = { catch_up: draft.catchUp, overlap: draft.overlap, jitter: millisecondsOf(draft.jitterSeconds) }
  return { ...what, ...rules, ...when[draft.kind] }
}

/** What is no number goes as it was typed: the server says what is wrong with it. */
function millisecondsOf(typed: string): number | string {
  const seconds = typed.trim() === '' ? Number.NaN : Number(typed)
  return Number.isFinite(seconds) ? Math.round(seconds * 1000) : typed
}
