import type { Cost } from '../measure/cost.ts'
import type { MeasuredProcess } from '../measure/process.ts'

/** A way into a server that is measured: what is posted here shall arrive at the receiver. */
export interface Inlet {
  name: string
  server: MeasuredProcess
  cost: Cost
  /** One or many; each message goes to the next of them. */
  urls: readonly string[]
  /** Where a hundred messages at a time are posted. */
  batchUrl?: string
  key: string | null
  /** Targets, each of which every message shall reach. */
  lanes: number
  /** Resolves to true when the server has nothing left to do for what it took, to false where that takes too long. */
  settled(): Promise<boolean>
}

/** A queue that takes messages and carries none yet. */
export interface HeldInlet extends Inlet {
  /** Messages that wait, each once for each target. */
  pending(): Promise<number>
  release(): Promise<void>
}

/** What is measured, with all the processes that it needs. */
export interface Contender extends AsyncDisposable {
  name: string
  server: MeasuredProcess
  cost: Cost
  /** A queue that carries to these targets; `queues` asks for many that each carry to all of them. */
  open(ask: { targets: readonly string[]; queues?: number }): Promise<Inlet>
  hold(ask: { targets: readonly string[] }): Promise<HeldInlet>
}

/** This machine lacks what a contender needs; the message names it, and how to get it. */
export class Missing extends Error {}

const SETTLE_PATIENCE_MS = 120_000
const POLL_MS = 50

/** Polls until nothing is pending; false where that takes too long. */
export async function untilNonePending(pending: () => Promise<number>): Promise<boolean> {
  for (let waited = 0; waited < SETTLE_PATIENCE_MS; waited += POLL_MS) {
    if ((await pending()) === 0) return true
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  }
  return false
}
