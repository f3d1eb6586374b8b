import { randomBytes } from 'node:crypto'
import { createIdFactory } from '../../src/core/id.ts'
import { createRuntime, type Runtime } from '../../src/runtime.ts'

/** A real runtime, but that its wall clock can be put back and let run up to today again. */
export interface MovingClock {
  runtime: Runtime
  /** How far behind the wall clock it is from now on; it may only become less. */
  behind(ms: number): void
}

const silent = () => undefined

export function createMovingClock(): MovingClock {
  let behindMs = 0
  const now = () => Date.now() - behindMs
  const log = { debug: silent, info: silent, warn: silent, error: silent }
  return {
    runtime: { ...createRuntime(log), now, newId: createIdFactory({ now, randomBytes }) },
    behind(ms) {
      behindMs = ms
    },
  }
}
