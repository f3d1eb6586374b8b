/** What a receiver does until it is healed: then it answers 200 to everything, at once. */
export type Behaviour = 'steady' | 'flaky' | 'slow' | 'hanging' | 'failing'

/** A listener that exists from the beginning to the end. */
export interface PlannedListener {
  name: string
  behaviour: Behaviour
  ordering?: 'queue' | 'key'
  pull?: true
  /** After so many failed attempts its delivery is missed; without, it is tried until it is healed. */
  maxAttempts?: number
  /** It is for messages of this color alone. */
  color?: Color
  /** Disabled until everything is healed, so that what expires never reaches it. */
  absent?: true
}

export interface PlannedQueue {
  name: string
  listeners: readonly PlannedListener[]
  /** Its messages are `{"t": …, "n": a number}`, and any other data is refused. */
  schema?: true
}

/** Milliseconds after which an attempt is given up: long, for a busy machine is late to see an answer. */
export const TIMEOUT_MS = 3_000
/** Of receivers that hang. */
export const HANGING_TIMEOUT_MS = 700
/** How long a pulled message is leased, in milliseconds. */
export const PULL_LEASE_MS = 2_000
/** More attempts than there is time for. */
export const PATIENT = 100
export const KEYS = ['red', 'green', 'blue'] as const
/** In the data of what is posted to `filtered`. */
export const COLORS = ['cyan', 'magenta', 'yellow'] as const
export type Color = (typeof COLORS)[number]
/** The shortest and the longest time after which a message expires, in milliseconds. */
export const EXPIRES_IN_MS = { least: 100, most: 4_000 } as const

/** The queues of every campaign: each kind of listener, with something that only it could get wrong. */
export const QUEUES: readonly PlannedQueue[] = [
  {
    name: 'plain',
    listeners: [
      { name: 'steady', behaviour: 'steady' },
      { name: 'flaky', behaviour: 'flaky' },
      { name: 'slow', behaviour: 'slow' },
      { name: 'hanging', behaviour: 'hanging' },
      { name: 'failing', behaviour: 'failing', maxAttempts: 2 },
    ],
  },
  {
    name: 'ordered',
    listeners: [
      { name: 'by-queue', behaviour: 'flaky', ordering: 'queue' },
      { name: 'by-key', behaviour: 'flaky', ordering: 'key' },
    ],
  },
  { name: 'pulled', listeners: [{ name: 'puller', behaviour: 'steady', pull: true }] },
  { name: 'paused', listeners: [{ name: 'patient', behaviour: 'steady' }] },
  { name: 'strict', listeners: [{ name: 'checked', behaviour: 'flaky' }], schema: true },
  {
    name: 'filtered',
    listeners: [
      { name: 'all-colors', behaviour: 'flaky' },
      { name: 'cyan-alone', behaviour: 'flaky', color: 'cyan' },
      { name: 'yellow-in-order', behaviour: 'flaky', color: 'yellow', ordering: 'queue' },
    ],
  },
  {
    name: 'expiring',
    listeners: [
      { name: 'absent', behaviour: 'steady', absent: true },
      { name: 'in-time', behaviour: 'flaky', ordering: 'queue' },
    ],
  },
  { name: 'timed', listeners: [{ name: 'clock', behaviour: 'steady' }] },
  { name: 'overlapping', listeners: [{ name: 'dawdler', behaviour: 'hanging' }] },
]

export interface PlannedSchedule {
  queue: string
  name: string
  every: number
  catch_up: 'all' | 'last' | 'none'
  overlap?: 'skip'
  jitter?: number
  headers?: Readonly<Record<string, string>>
}

/** The header that the deliveries of one schedule have. */
export const OWN_HEADER = { name: 'x-torture', value: 'of a schedule' } as const

/** Each with something that only it could get wrong. */
export const SCHEDULES: readonly PlannedSchedule[] = [
  { queue: 'timed', name: 'every-due-time', every: 1_000, catch_up: 'all' },
  { queue: 'timed', name: 'latest-missed', every: 1_500, catch_up: 'last' },
  { queue: 'timed', name: 'next-only', every: 2_000, catch_up: 'none' },
  {
    ...{ queue: 'timed', name: 'jittered', every: 1_200, catch_up: 'all', jitter: 500 },
    headers: { [OWN_HEADER.name]: OWN_HEADER.value },
  },
  { queue: 'overlapping', name: 'one-at-a-time', every: 1_000, catch_up: 'last', overlap: 'skip' },
]
