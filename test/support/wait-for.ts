import { setTimeout as sleep } from 'node:timers/promises'

/** How long a test waits for what a busy machine may be slow at. Shorter than any limit that a test has of its own. */
const PATIENCE_MS = 60_000
const EVERY_MS = 5

export interface WaitOptions {
  /** How long to wait; a minute where it is left out. */
  withinMs?: number
  /** The pause between two looks. */
  everyMs?: number
}

/** Time that ran out says nothing of what would have come: whether it is slow or lost, its reader has to find out. */
class TimedOut extends Error {
  constructor(what: string, arrived: number, expected: number) {
    super(`timed out, ${arrived} of ${expected} arrived: ${what}`)
    this.name = 'TimedOut'
  }
}

/**
 * The one way in which tests wait for what other processes, threads and sockets do: looks again and again until so many
 * have arrived, or more. `arrived` counts them; where it tells true or false, that is one of one.
 *
 * @throws TimedOut, which says how far it came
 */
export async function waitFor(
  what: string,
  arrived: () => number | boolean | Promise<number | boolean>,
  expected = 1,
  { withinMs = PATIENCE_MS, everyMs = EVERY_MS }: WaitOptions = {},
): Promise<void> {
  const startedAt = performance.now()
  for (;;) {
    const count = Number(await arrived())
    if (count >= expected) return
    if (performance.now() - startedAt >= withinMs) throw new TimedOut(what, count, expected)
    await sleep(everyMs)
  }
}

/** Waits for a promise, of which nothing is known but that it has not come yet: as long as `waitFor` does. */
export async function inTime<Value>(what: string, coming: Promise<Value>, withinMs = PATIENCE_MS): Promise<Value> {
  const over = new AbortController()
  const late = sleep(withinMs, null, { signal: over.signal }).then(() => {
    throw new TimedOut(what, 0, 1)
  })
  late.catch(() => undefined)
  try {
    return await Promise.race([coming, late])
  } finally {
    over.abort()
  }
}
