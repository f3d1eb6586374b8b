import type { Cancel, Runtime } from '../runtime.ts'

/** Something that runs by itself, a tick at a time. */
export interface Loop {
  start(): void
  /** Cuts the pause short, if there is one. */
  wake(): void
  /** One round, for tests; never two at once. */
  tick(): Promise<number>
  /** No round starts after this; resolves when the last one has ended. */
  stop(): Promise<void>
}

/**
 * Repeats `tick`: after `busyMs`, or at once, while it says that it found work (a number above 0), else after `idleMs`.
 * A tick that throws is logged and tried again after the pause: a loop never dies of one bad round.
 */
export function createLoop(parts: {
  name: string
  tick: () => Promise<number>
  idleMs: number
  busyMs?: number
  runtime: Runtime
}): Loop {
  const { name, idleMs, busyMs = 0, runtime } = parts
  let cancel: Cancel | null = null
  let stopped = true
  let running: Promise<number> | null = null
  /** The loop was woken during a round; the work may have come after the round looked. */
  let woken = false

  function tick(): Promise<number> {
    running ??= parts.tick().finally(() => {
      running = null
    })
    return running
  }

  async function round(): Promise<void> {
    cancel = null
    const found = await tick().catch((error: unknown) => {
      runtime.log.error({ err: error, loop: name }, 'a round failed')
      return 0
    })
    if (stopped) return
    schedule(found > 0 ? busyMs : woken ? 0 : idleMs)
    woken = false
  }

  function schedule(delayMs: number): void {
    cancel?.()
    cancel = runtime.upkeep(delayMs, () => void round())
  }

  return {
    start() {
      stopped = false
      schedule(0)
    },
    wake() {
      if (stopped) return
      if (running !== null) woken = true
      else schedule(0)
    },
    tick,
    async stop() {
      stopped = true
      cancel?.()
      cancel = null
      await running?.catch(() => undefined)
    },
  }
}
