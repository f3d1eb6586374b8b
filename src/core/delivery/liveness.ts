import type { Outcome } from './attempt.ts'

/** `unstable`: the latest check failed; `down`: three failed in a row; `unknown`: no node has checked yet. */
export const LIVENESS_STATES = ['stable', 'unstable', 'down', 'unknown'] as const
export type LivenessState = (typeof LIVENESS_STATES)[number]

/** How a listener has been doing, by its checks, or by its deliveries where nothing else can be asked. */
export interface Liveness {
  state: LivenessState
  successCount: number
  lastSuccessAt: number | null
  failureCount: number
  lastFailureStatus: number | null
  lastFailureAt: number | null
  /** What went wrong, such as `answered 503`, or `dns` and what that means in words. */
  lastFailureMsg: string | null
}

export const UNKNOWN_LIVENESS: Liveness = Object.freeze({
  state: 'unknown',
  successCount: 0,
  lastSuccessAt: null,
  failureCount: 0,
  lastFailureStatus: null,
  lastFailureAt: null,
  lastFailureMsg: null,
})

/** What has come since it was last written down: counts to add, and a state where there is a new verdict. */
export type LivenessNews = Omit<Liveness, 'state'> & {
  state: LivenessState | null
  /** When it came to be; null where there is none. */
  stateAt: number | null
}

/** A state that gave way to another. */
export interface LivenessChange {
  at: number
  from: LivenessState
  state: LivenessState
  /** What had gone wrong; null where nothing had. */
  message: string | null
}

/** Whether the state says that something went wrong. */
export function isFailure(state: LivenessState): boolean {
  return state === 'unstable' || state === 'down'
}

/** Failures in a row after which a listener counts as down. */
const DOWN_AFTER = 3

export const CHECK_TIMEOUT_MS = 5_000
/** About half a minute while all is well. */
const CHECK_EVERY_MS = 30_000
/** A failure may have been an accident: the next checks tell, soon. */
const DOUBT_EVERY_MS = 2_000
/** Often enough that a recovery is seen soon, rarely enough to let a receiver start up. */
const DOWN_EVERY_MS = 10_000
const JITTER = 0.2

/** The state after so many failed checks in a row. */
export function stateAfter(failuresInRow: number): LivenessState {
  if (failuresInRow === 0) return 'stable'
  return failuresInRow < DOWN_AFTER ? 'unstable' : 'down'
}

/** Where the counting goes on after a restart, which keeps the state alone. */
export function failuresInRowOf(state: LivenessState): number {
  if (state === 'down') return DOWN_AFTER
  return state === 'unstable' ? 1 : 0
}

/** Milliseconds until the next check, jittered by ±20 %, so that checks do not gather. */
export function nextCheckMs(state: LivenessState, random: () => number): number {
  return Math.round(pauseAfter(state) * (1 - JITTER + 2 * JITTER * random()))
}

function pauseAfter(state: LivenessState): number {
  if (state === 'down') return DOWN_EVERY_MS
  return state === 'unstable' ? DOUBT_EVERY_MS : CHECK_EVERY_MS
}

/** What went wrong, in words; never those of an answer, which belong to the attempt. */
export function failureMessage({ status, error, response }: Pick<Outcome, 'status' | 'error' | 'response'>): string {
  if (error === null) return `answered ${status}`
  return response === '' ? error : `${error}: ${response}`
}

/** What is stored with what has come since. */
export function withNews(stored: Liveness, news: LivenessNews | null): Liveness {
  if (news === null) return stored
  return {
    state: news.state ?? stored.state,
    successCount: stored.successCount + news.successCount,
    lastSuccessAt: news.lastSuccessAt ?? stored.lastSuccessAt,
    failureCount: stored.failureCount + news.failureCount,
    lastFailureStatus: news.lastFailureAt === null ? stored.lastFailureStatus : news.lastFailureStatus,
    lastFailureAt: news.lastFailureAt ?? stored.lastFailureAt,
    lastFailureMsg: news.lastFailureAt === null ? stored.lastFailureMsg : news.lastFailureMsg,
  }
}
