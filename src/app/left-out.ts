import { FilterBudget } from '../core/listener-filter/filter-budget.ts'
import type { LeftOut } from '../core/listener-filter/left-out.ts'
import type { Filtered, QueueFilters } from '../core/listener-filter/queue-filters.ts'
import { invalid } from '../core/problem.ts'

/**
 * Judges messages of one request by the filters of their queue's listeners. The messages share what the filters may look
 * through.
 */
export class FilterJudge {
  readonly #filters: QueueFilters
  readonly #budget = new FilterBudget()

  constructor(filters: QueueFilters) {
    this.#filters = filters
  }

  /**
   * Which listeners the message leaves out; null where it fits all. `parsed` is its data where that was parsed already, and
   * `path` where the message stands in the request. Throws `invalid` where the filters would look through too much.
   */
  leftOut(message: Filtered, path: string, parsed: object | null = null): LeftOut | null {
    const leftOut = this.#filters.leftOut(message, this.#budget, parsed ?? undefined)
    if (this.#budget.isOver) throw invalid(`${path}/data`, TOO_MUCH)
    return leftOut
  }
}

const TOO_MUCH =
  'is too long for the filters of the queue: together they may look for texts in some 16 million characters; send less at once, or have fewer listeners with $contains'
