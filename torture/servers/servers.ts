import type { FaultWeights, PlannedFault } from '../plan/plan.ts'
import type { EndState } from '../record/record.ts'
import type { NodeProcess } from './node-process.ts'

/** The servers of a campaign on their store, and what can be done to them. */
export interface Servers {
  nodes: readonly NodeProcess[]
  /** The database's file, or its URL. */
  database: string
  /** Which faults this store and this machine can have. */
  weights: FaultWeights
  /** Why some that the store could have are left out, for the report. */
  leftOut: readonly string[]
  /** Does it, and undoes it: afterwards all nodes run. What should not have happened is told to `incident`. */
  strike(fault: PlannedFault, incident: (text: string) => void): Promise<void>
  /** Reads the files behind the servers, once these have ended; null where the store has none. */
  verify(): Promise<EndState['verification']>
  /** Ends whatever still runs, and removes every file. */
  close(): Promise<void>
}

/** The only key of the servers, which live as long as the campaign and listen on loopback. */
export const ROOT_KEY = 'the-root-key-of-the-servers-that-torture-starts'

/** Told of a node that ended by itself. */
export type Ended = (text: string) => void
