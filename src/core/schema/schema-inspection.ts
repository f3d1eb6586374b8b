import { FaultList } from './fault-list.ts'

/**
 * Steps of patterns times characters of text, for one message: 64 steps for 256 KiB, which take half a second at
 * worst. Without it, the largest pattern and the largest message would block the server for half a minute.
 */
export const MAX_PATTERN_WORK = 64 * 256 * 1024

/** Work of patterns for all messages of one batch together, of which each alone could take `MAX_PATTERN_WORK`. */
export const MAX_BATCH_PATTERN_WORK = 4 * MAX_PATTERN_WORK

/** What the patterns may still cost with the rest of a batch. */
export class PatternBudget {
  #left = MAX_BATCH_PATTERN_WORK

  /** Whether so much is left; then it is spent. */
  spend(work: number): boolean {
    if (work > this.#left) return false
    this.#left -= work
    return true
  }
}

/** What one check of one message knows: where it is, the faults so far, and what its patterns have cost. */
export class SchemaInspection extends FaultList {
  readonly #budget: PatternBudget | undefined
  #patternWork = 0

  /** `budget` is that of the batch that the message is in, if it is in one. */
  constructor(root: string, budget?: PatternBudget) {
    super(root)
    this.#budget = budget
  }

  /** Whether a pattern of so many steps may still read so many characters; then they are spent. */
  spend(steps: number, characters: number): boolean {
    // An empty text is work too, and an array can hold a hundred thousand of them.
    const work = steps * (characters + 1)
    if (this.#patternWork + work > MAX_PATTERN_WORK) return false
    if (this.#budget?.spend(work) === false) return false
    this.#patternWork += work
    return true
  }
}

/** What a schema takes up once it is ready: the instructions that its patterns compile to. */
export interface SchemaCost {
  steps: number
}

/** One rule, made ready: judges a value that is there, and tells the inspection what is wrong with it. */
export type Check = (inspection: SchemaInspection, value: unknown) => void

/** `" from 0 to 10"`, `" of at least 0"`, `" of at most 10"`, or nothing. */
export function boundsOf({ min, max }: { min?: number; max?: number }): string {
  if (min !== undefined && max !== undefined) return min === max ? ` of exactly ${min}` : ` from ${min} to ${max}`
  if (min !== undefined) return ` of at least ${min}`
  return max === undefined ? '' : ` of at most ${max}`
}
