import { Problem, type ProblemCode } from '../problem.ts'
import type { FairPlaces } from './fair-places.ts'

/**
 * Why an organization gets no more of what all share: `code` (429) where it has its share, and `overloaded` (503) where
 * other organizations have all there is. Both say so with numbers, and when to try again.
 */
export function full(places: FairPlaces, owner: string, { code, what }: { code: ProblemCode; what: string }): Problem {
  const [held, all] = [places.takenBy(owner), places.places.toLocaleString('en-US')]
  if (held === 0) return new Problem('overloaded', { detail: `all ${all} ${what} of this server are taken; try again` })
  const detail = `the organization has ${held.toLocaleString('en-US')} of the ${all} ${what} of this server, its share now`
  return new Problem(code, { detail: `${detail}; try again when one has ended`, headers: { 'retry-after': '1' } })
}
