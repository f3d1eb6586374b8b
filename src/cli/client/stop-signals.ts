import { EXIT } from './failure.ts'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/**
 * The first signal asks to stop in order, the second to stop now, and the third ends the process without waiting.
 * `dispose` gives the signals back to the system.
 */
export function onStop(ask: { inOrder: () => void; now: () => void }): { dispose(): void } {
  let asked = 0
  const heard = () => {
    asked += 1
    if (asked === 1) ask.inOrder()
    else if (asked === 2) ask.now()
    else process.exit(EXIT.interrupted)
  }
  for (const signal of SIGNALS) process.on(signal, heard)
  return {
    dispose() {
      for (const signal of SIGNALS) process.off(signal, heard)
    },
  }
}
