import type { EngineCounters, EngineGauges } from '../../core/telemetry/counters.ts'
import type { Family } from './exposition.ts'

/** What the engine has counted, and how it stands. */
export function engineFamilies(counters: EngineCounters, gauges: EngineGauges): Family[] {
  return [...countersOf(counters), ...histogramsOf(counters), ...gaugesOf(gauges)]
}

function countersOf(counters: EngineCounters): Family[] {
  const { acceptedMessages, failedCommits, failedClaims, failedScheduleRuns, deliveries, attempts } = counters
  return [
    counter('discue_schedule_run_failures_total', 'Runs of schedules that made no message.', [
      { value: failedScheduleRuns },
    ]),
    counter('discue_messages_accepted_total', 'Messages that were accepted, and are on disk.', [
      { value: acceptedMessages },
    ]),
    counter(
      'discue_deliveries_total',
      'What attempts made of deliveries: acknowledged, retried or missed.',
      Object.entries(deliveries).map(([result, value]) => ({ labels: { result }, value })),
    ),
    counter(
      'discue_delivery_attempts_total',
      'Attempts to deliver, by class of status or by error.',
      [...attempts].map(([outcome, value]) => ({ labels: { outcome }, value })),
    ),
    counter('discue_commit_failures_total', 'Commits that the store did not take; they are tried again.', [
      { value: failedCommits },
    ]),
    counter('discue_claim_failures_total', 'Claims of due deliveries that the store refused; they are tried again.', [
      { value: failedClaims },
    ]),
  ]
}

function histogramsOf({
  acceptSeconds,
  commitSeconds,
  commitWrites,
  attemptSeconds,
  latenessSeconds,
}: EngineCounters): Family[] {
  const of = (name: string, help: string, histogram: EngineCounters['commitWrites']): Family => {
    return { name, help, type: 'histogram', histogram }
  }
  return [
    of('discue_message_accept_seconds', 'From a message that was read until it was on disk.', acceptSeconds),
    of('discue_commit_seconds', 'Transactions of the hot path, synced.', commitSeconds),
    of('discue_commit_writes', 'Messages and settlements in one commit.', commitWrites),
    of('discue_delivery_attempt_seconds', 'From the request to a listener until its answer.', attemptSeconds),
    of(
      'discue_delivery_lateness_seconds',
      'From the time at which a delivery was due to its request.',
      latenessSeconds,
    ),
  ]
}

function gaugesOf({ attemptsInFlight, lanes, waitingWrites }: EngineGauges): Family[] {
  return [
    gauge('discue_delivery_attempts_in_flight', 'Requests to listeners that are not answered yet.', attemptsInFlight),
    gauge('discue_lanes', 'Listeners that the server holds deliveries of in memory, or lately did.', lanes),
    gauge('discue_writes_waiting', 'Messages and settlements that wait for a commit or are in one.', waitingWrites),
  ]
}

function counter(
  name: string,
  help: string,
  samples: Extract<Family, { type: 'counter' | 'gauge' }>['samples'],
): Family {
  return { name, help, type: 'counter', samples }
}

function gauge(name: string, help: string, value: number): Family {
  return { name, help, type: 'gauge', samples: [{ value }] }
}
