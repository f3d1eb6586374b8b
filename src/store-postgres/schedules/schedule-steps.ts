import type { ScheduleStep } from '../../store/schedules.ts'
import { stored } from '../connect/text.ts'

/** A step as `routines/schedules.sql` takes it, with what follows from its runs. */
export function stepJson({ scheduleId, revision, from, messageBefore, nextAt, runs }: ScheduleStep) {
  const made = runs.filter(({ messageId }) => messageId !== null)
  return {
    ...{ scheduleId, revision, from, messageBefore, nextAt },
    made: made.length,
    passedAt: runs.at(-1)?.dueAt ?? from,
    lastRunAt: made.at(-1)?.dueAt ?? null,
    lastMessageId: made.at(-1)?.messageId ?? null,
    runs: runs.map(({ skipped, ...run }) => ({
      ...run,
      error: run.error === null ? null : stored(run.error),
      skippedCount: skipped?.count ?? null,
      firstDueAt: skipped?.firstAt ?? null,
    })),
  }
}
