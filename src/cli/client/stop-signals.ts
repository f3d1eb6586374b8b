import { StopRequests } from '../../core/stop-requests.ts'
import type { Runtime } from '../../runtime.ts'
import { EXIT } from './failure.ts'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/**
 * The first request asks to stop in order, the second to stop now, and the third ends the process without waiting.
 * `dispose` gives the signals back to the system.
 */
export function onStop(
  { elapsedMs }: Pick<Runtime, 'elapsedMs'>,
  ask: { inOrder: () => void; now: () => void },
): { dispose(): void } {
  const requests = new StopRequests()
  const heard = () => {
    if (!requests.heard(elapsedMs())) return
    if (requests.count === 1) ask.inOrder()
    else if (requests.count === 2) ask.now()
    else process.exit(EXIT.interrupted)
  }
  for (const signal of SIGNALS) process.on(signal, heard)
  return {
    dispose() {
      for (const signal of SIGNALS) process.off(signal, heard)
    },
  }
}
