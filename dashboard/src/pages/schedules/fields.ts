import type { Draft } from './schedule-draft.ts'

/** What the parts of the form of a schedule work with. */
export interface ScheduleFields {
  draft: Draft
  change: (part: Partial<Draft>) => void
  /** What a field of text takes; `path` is the property whose faults it tells. */
  field: (
    name: keyof Draft,
    path?: string,
  ) => { value: string; onChange: (value: string) => void; fault: string | undefined }
}
