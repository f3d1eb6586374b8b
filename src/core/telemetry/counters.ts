import type { AttemptError } from '../delivery/attempt.ts'
import { Histogram } from './histogram.ts'

/** What came of an attempt, as few kinds as people need to tell apart. */
export type AttemptKind = '1xx' | '2xx' | '3xx' | '4xx' | '5xx' | AttemptError

/** What became of deliveries, and how often. */
interface DeliveryCounts {
  acknowledged: number
  /** An attempt failed, and there will be another. */
  retried: number
  missed: number
}

/** What the server has done since it started; counted where it is written to disk, so that nothing counts that is not. */
export interface EngineCounters {
  acceptedMessages: number
  /** From when the server had read a message until it was on disk. */
  acceptSeconds: Histogram
  commitSeconds: Histogram
  /** Messages and settlements in one commit. */
  commitWrites: Histogram
  failedCommits: number
  /** Times that the store did not give out what is due of a listener. */
  failedClaims: number
  deliveries: DeliveryCounts
  /** Runs of schedules that made no message. */
  failedScheduleRuns: number
  attempts: Map<AttemptKind, number>
  attemptSeconds: Histogram
  /** From when a delivery was due until its request was sent. */
  latenessSeconds: Histogram
}

/** What is so at the moment. */
export interface EngineGauges {
  attemptsInFlight: number
  /** Listeners that something is held in memory for. */
  lanes: number
  /** Accepts and settlements that wait for a commit, or are in one. */
  waitingWrites: number
}

const WRITING = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5]
const ANSWERING = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300]
/** A delivery may wait as long as a listener is down. */
const WAITING = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 15, 60, 300, 900, 3_600, 14_400, 86_400]
const WRITES = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000]

export function createEngineCounters(): EngineCounters {
  return {
    acceptedMessages: 0,
    acceptSeconds: new Histogram(WRITING),
    commitSeconds: new Histogram([0.0005, ...WRITING]),
    commitWrites: new Histogram(WRITES),
    failedCommits: 0,
    failedClaims: 0,
    failedScheduleRuns: 0,
    deliveries: { acknowledged: 0, retried: 0, missed: 0 },
    attempts: new Map(),
    attemptSeconds: new Histogram(ANSWERING),
    latenessSeconds: new Histogram(WAITING),
  }
}
