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
  { name: 'timed', listeners: [{ name: 'clock', behaviour: 'steady' }] },
]

/** Schedules of the queue `timed`. */
export const SCHEDULES = [
  { name: 'every-due-time', every: 1_000, catch_up: 'all' },
  { name: 'latest-missed', every: 1_500, catch_up: 'last' },
  { name: 'next-only', every: 2_000, catch_up: 'none' },
] as const
