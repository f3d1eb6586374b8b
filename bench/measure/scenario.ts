import type { Target } from '../load/target.ts'
import type { Spread } from './spread.ts'
import type { Table } from './table.ts'

/** What `npm run bench` was asked for; what is left out, each scenario sets for itself. */
export interface Options {
  rounds: number
  messages: number
  seconds: number
  rate: number
  backlog: number | null
  /** Seconds of the soak. */
  soak: number | null
  /** Of scenarios with many of them. */
  queues: number | null
  /** Of one core, in percent: how much each node may have. */
  share: number | null
  /** The folder of another version of this repository. */
  before: string | null
  /** Names of those to be measured beside the relay. */
  contenders: RegExp
}

/** What a scenario may use. */
export interface Bench {
  target: Target
  options: Options
  /** Tells the user at the terminal what is going on. */
  note(text: string): void
}

/** What a scenario found: to read, and (`figures`) to keep. */
export interface Report {
  table: Table
  conclusions: string[]
  /** What the chart shows, in `unit`. */
  bars?: ({ name: string } & Spread)[]
  unit?: string
  /** What the scenario asks of the server and did not find, a line each: the run ends with exit code 1. */
  broken?: string[]
  figures: object
}

export interface Scenario {
  name: string
  about: string
  run(bench: Bench): Promise<Report>
}
