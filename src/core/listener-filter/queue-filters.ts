import { type CompiledFilter, compileFilter } from './compiled-filter.ts'
import { DataPaths, DataValues } from './data-path.ts'
import { isObject, type ListenerFilter } from './filter.ts'
import type { FilterBudget } from './filter-budget.ts'
import { type LeftOut, leftOutOf } from './left-out.ts'

/** What of a message filters go by. */
export interface Filtered {
  name: string | null
  data: string
}

/** The filters of a queue's listeners, ready to judge its messages. */
export interface QueueFilters {
  /** Characters of all filters together, by which their memory grows. */
  size: number
  /** Listeners without a filter, which get every message. */
  unfiltered: number
  /**
   * The listeners that the message does not fit; null where it fits all. `parsed` is its data, where that was parsed
   * already. Counts for nothing once `budget` is over.
   */
  leftOut(message: Filtered, budget: FilterBudget, parsed?: object): LeftOut | null
  /**
   * Tells of a listener, by its place, what its filter asks for that the message is not, as a JSON pointer into the filter:
   * the first of the conditions that must hold together, `/name`, or `/data` where the data is no JSON object. Null where it
   * fits.
   */
  misfits(message: Filtered, budget: FilterBudget): (index: number) => string | null
}

/** Makes the filters of a queue's listeners ready, in the order of the listeners; null where none has one. */
export function compileQueueFilters(filters: readonly (ListenerFilter | null)[]): QueueFilters | null {
  if (filters.every((filter) => filter === null)) return null
  const paths = new DataPaths()
  const compiled = filters.map((filter) => (filter === null ? null : compileFilter(filter, paths)))

  function misfit(filter: CompiledFilter | null, subject: Subject): string | null {
    // Once it is over, what is answered counts for nothing.
    if (filter === null || !subject.budget.spend(filter.size)) return null
    if (!filter.fitsName(subject.name)) return '/name'
    if (filter.data === null) return null
    const values = subject.values()
    if (values === null) return '/data'
    return filter.data.find(({ holds }) => !holds(values, subject.budget))?.path ?? null
  }

  return {
    size: compiled.reduce((sum, filter) => sum + (filter?.size ?? 0), 0),
    unfiltered: compiled.filter((filter) => filter === null).length,
    leftOut(message, budget, parsed) {
      const subject = new Subject(message, paths, budget, parsed)
      return leftOutOf(compiled.length, (index) => misfit(compiled[index]!, subject) !== null)
    },
    misfits(message, budget) {
      const subject = new Subject(message, paths, budget)
      return (index) => misfit(compiled[index] ?? null, subject)
    },
  }
}

/** One message, as filters look at it. */
class Subject {
  readonly name: string | null
  readonly budget: FilterBudget
  readonly #paths: DataPaths
  readonly #data: string
  #parsed: object | undefined
  /** Undefined: not asked for yet. */
  #values: DataValues | null | undefined

  constructor({ name, data }: Filtered, paths: DataPaths, budget: FilterBudget, parsed?: object) {
    this.name = name
    this.budget = budget
    this.#paths = paths
    this.#data = data
    this.#parsed = parsed
  }

  /** Null where the data is no JSON object. */
  values(): DataValues | null {
    if (this.#values === undefined) {
      const data = this.#parsed ?? parsedObject(this.#data)
      this.#values = data === null ? null : new DataValues(data, this.#paths)
    }
    return this.#values
  }
}

const MAYBE_OBJECT = /^\s*\{/

function parsedObject(text: string): object | null {
  if (!MAYBE_OBJECT.test(text)) return null
  try {
    const data: unknown = JSON.parse(text)
    return isObject(data) ? data : null
  } catch {
    return null
  }
}
