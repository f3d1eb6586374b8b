import { Problem } from '../core/problem.ts'

const YEAR_MS = 366 * 86_400_000
/** One jump runs everything that is due in it; a client that wants to go further makes several. */
export const MAX_JUMP_MS = 10 * YEAR_MS

/** A clock that is moved by hand. */
export interface MovableClock {
  /**
   * Moves it on, running everything that becomes due on the way, in order, and answers with the new time once all of
   * that has come to rest. Jumps follow each other, however many are asked for at once.
   */
  advance(ms: number): Promise<number>
}

/** Throws `clock_not_manual`. */
export async function advanceClock({ clock }: { clock: MovableClock | null }, ms: number): Promise<number> {
  if (clock === null) throw new Problem('clock_not_manual')
  return clock.advance(ms)
}
