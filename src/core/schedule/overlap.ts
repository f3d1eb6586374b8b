import { type SchedulePlan, separateRuns } from './schedule-plan.ts'

/** Why a due time was passed over by `overlap: skip`. */
export const STILL_PENDING = 'the message before it was still pending'

/** Whether what a schedule does goes by what has become of the message that it made before. */
export function goesByMessageBefore({ due, runs, unreadable }: SchedulePlan): boolean {
  return due.schedule.overlap === 'skip' && runs.length > 0 && unreadable === null
}

/**
 * What is left of a plan where the message before must not be pending. While it is, all due times are passed over. Else
 * the first one is run, and those after it are looked at again when its message is the one before.
 */
export function withoutOverlap(plan: SchedulePlan, isPending: boolean): SchedulePlan {
  const { runs } = plan
  if (!isPending) return { ...separateRuns(plan)[0]!, messageBefore: 'done' }
  const overlapped = { count: runs.length, firstAt: runs[0]!.dueAt, lastAt: runs.at(-1)!.dueAt }
  return { ...plan, runs: [], overlapped, messageBefore: 'pending' }
}
