import { setTimeout as sleep } from 'node:timers/promises'

/** Milliseconds since the campaign began, by a clock that no fault sets. */
export type Clock = () => number

export function startClock(): Clock {
  const startedAt = performance.now()
  return () => performance.now() - startedAt
}

/** How long any one thing may take before it counts as stuck; on a machine that has a lot else to do, too. */
const PATIENCE_MS = 120_000

/** Looks again and again until `isDone`; answers whether it was, within so many milliseconds. */
export async function until(isDone: () => boolean | Promise<boolean>, withinMs = PATIENCE_MS): Promise<boolean> {
  const clock = startClock()
  while (!(await isDone())) {
    if (clock() > withinMs) return false
    await sleep(20)
  }
  return true
}

export { sleep }
