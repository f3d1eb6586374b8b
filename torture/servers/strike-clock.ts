import type { PlannedFault } from '../plan/plan.ts'
import { sleep } from '../run/clock.ts'
import type { MovedClock } from './moved-clock.ts'

/** How far it is set at most, ahead or back. */
const FURTHEST_MS = 60_000
/** Longer than a node takes to see what its clock shows, and to notice the leap. */
const SEEN_MS = 2_500

/** Sets the clock of a node, and puts it right after a while. Answers false where the fault is of another sort. */
export async function strikeClock(clock: MovedClock | null, { kind, forMs, chance }: PlannedFault): Promise<boolean> {
  if (kind !== 'clock jump' || clock === null) return false
  clock.setAhead(Math.round((chance * 2 - 1) * FURTHEST_MS))
  await sleep(SEEN_MS + forMs)
  clock.setAhead(0)
  await sleep(SEEN_MS)
  return true
}
