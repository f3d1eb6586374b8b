import type { ExpectedRevisions } from '../store.ts'

/** Whether a thing of this revision is not what the write takes it for. */
export function failsIfMatch(revision: number, ifMatch: ExpectedRevisions | undefined): boolean {
  return ifMatch !== undefined && ifMatch !== null && !ifMatch.includes(revision)
}
