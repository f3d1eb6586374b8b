/**
 * The revisions that a write expects the thing that it changes to have: one of these. Null expects nothing.
 * A revision grows with every change of the thing itself, within a millisecond too.
 */
export type ExpectedRevisions = readonly number[] | null

/** Whether a thing of this revision is not one that the write expects (`If-Match`). */
export function failsIfMatch(revision: number, ifMatch: ExpectedRevisions | undefined): boolean {
  return ifMatch !== undefined && ifMatch !== null && !ifMatch.includes(revision)
}
