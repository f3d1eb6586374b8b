import type { Belief } from './store.ts'

/** Whether a thing of this revision is not what the write takes it for. */
export function contradicts(revision: number, belief: Belief | undefined): boolean {
  return belief !== undefined && belief !== null && !belief.includes(revision)
}
