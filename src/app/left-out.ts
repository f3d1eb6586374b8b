import { FilterBudget, MAX_LOOKED_THROUGH } from '../core/listener-filter/filter-budget.ts'
import type { LeftOut } from '../core/listener-filter/left-out.ts'
import type { Filtered, QueueFilters } from '../core/listener-filter/queue-filters.ts'
import { invalid } from '../core/problem.ts'

/**
 * Judges messages of one request by the filters of their queue's listeners. The messages share what the filters may look
 * through.
 */
export class FilterJudge {
  readonly #filters: QueueFilters
  #left: number

  /** `units`: what all messages may take together, in those of `FilterBudget`. */
  constructor(filters: QueueFilters, units = MAX_LOOKED_THROUGH) {
    this.#filters = filters
    this.#left = units
  }

  /** What is left for the messages that come. */
  get left(): number {
    return this.#left
  }

  /**
   * Which listeners the message leaves out; null where it fits all. `parsed` is its data where that was parsed already, and
   * `path` where the message stands in the request. Throws `invalid` where the filters would look through too much.
   */
  leftOut(message: Filtered, path: string, parsed: object | null = null): LeftOut | null {
    const budget = new FilterBudget(Math.min(MAX_LOOKED_THROUGH, this.#left))
    const leftOut = this.#filters.leftOut(message, budget, parsed ?? undefined)
    this.#left -= budget.spent
    if (budget.isOver) throw invalid(`${path}/data`, TOO_MUCH)
    return leftOut
  }
}

/**
 * Of each message the listeners that it leaves out; undefined where no listener of the queue has a filter. For a few that the
 * server makes itself. Throws `invalid` like `FilterJudge`.
 */
export function leftOutOfEach(
  filters: QueueFilters | null,
  messages: readonly Filtered[],
): (LeftOut | null)[] | undefined {
  if (filters === null) return undefined
  const judge = new FilterJudge(filters)
  return messages.map((message) => judge.leftOut(message, ''))
}

const TOO_MUCH =
  'is too long for the filters of the queue: together they may look through some 16 million characters for a message, and 100 million for a batch; send less at once, or have fewer listeners with $contains'
