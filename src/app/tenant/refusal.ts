import { Problem } from '../../core/problem.ts'
import { quotaReached } from '../../core/tenant/organization.ts'
import type { Refused } from '../../store/organizations.ts'

/** What to tell a caller whose organization cannot have one more of something, or whose request was answered before. */
export function refusalOf(refused: Refused | 'answered'): Problem {
  if (refused === 'answered') return new Problem('key_running')
  // It was deleted while its key was at work; by now the key is unknown.
  return refused === 'organization_not_found' ? new Problem('key_rejected') : quotaReached(refused)
}
