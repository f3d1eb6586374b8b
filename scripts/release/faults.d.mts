/** What is known of a version that is to be published. */
export interface ReleaseFacts {
  version: string
  versions: Record<string, string | undefined>
  changelog: string
  today: string
  changed: readonly string[]
  tags: readonly string[]
  taggedElsewhere: boolean
  packed: { version: string; size: number; files: readonly string[] }
  isDescriptionCurrent: boolean
}
/** One line for each thing that is wrong; none where the version may be published. */
export function releaseFaults(facts: ReleaseFacts): string[]
