import { pointerStep } from '../schema/fault-list.ts'
import { type Compare, comparisonOf } from './comparisons.ts'
import type { DataPaths, DataValues } from './data-path.ts'
import { type ComparisonName, type DataFilter, isScalar, type ListenerFilter } from './filter.ts'
import type { FilterBudget } from './filter-budget.ts'
import { namePattern } from './name-pattern.ts'

/** A filter that is ready to judge messages. */
export interface CompiledFilter {
  /** Its characters, which are no fewer than the steps that judging a message by it takes, but for looking through texts. */
  size: number
  /** Whether a message's name fits; one that has no name fits no pattern. */
  fitsName(name: string | null): boolean
  /** What the data must be; null where any will do. */
  data: DataCondition[] | null
}

/** One of the conditions that must hold together. */
interface DataCondition {
  /** Where it stands in the filter, as a JSON pointer. */
  path: string
  holds: (values: DataValues, budget: FilterBudget) => boolean
}

/** Makes a filter ready, which must be one without `filterFaults`. `paths` is of all filters that judge the same messages. */
export function compileFilter(filter: ListenerFilter, paths: DataPaths): CompiledFilter {
  const { name, data } = filter
  const patterns = name?.map(namePattern)
  return {
    size: JSON.stringify(filter).length,
    fitsName: (given) => patterns === undefined || (given !== null && patterns.some((fits) => fits(given))),
    data: data === undefined ? null : conditionsOf(data, '/data', paths),
  }
}

function conditionsOf(filter: DataFilter, at: string, paths: DataPaths): DataCondition[] {
  return Object.entries(filter).flatMap(([name, sent]): DataCondition[] => {
    const path = `${at}/${pointerStep(name)}`
    if (name === '$or') {
      const any = (sent as DataFilter[]).map((one) => allOf(conditionsOf(one, path, paths)))
      return [{ path, holds: (values, budget) => any.some((holds) => holds(values, budget)) }]
    }
    if (name === '$not') {
      const holds = allOf(conditionsOf(sent as DataFilter, path, paths))
      return [{ path, holds: (values, budget) => !holds(values, budget) }]
    }
    const number = paths.numberOf(name)
    return comparesOf(sent, path).map(([where, compare]) => {
      return { path: where, holds: (values, budget) => compare(values.at(number), budget) }
    })
  })
}

function allOf(conditions: readonly DataCondition[]): DataCondition['holds'] {
  return (values, budget) => conditions.every(({ holds }) => holds(values, budget))
}

function comparesOf(sent: unknown, at: string): [path: string, Compare][] {
  if (isScalar(sent)) return [[at, comparisonOf('$eq', sent)]]
  return Object.entries(sent as object).map(([name, operand]): [string, Compare] => {
    const path = `${at}/${name}`
    if (name === '$or') {
      const any = (operand as unknown[]).map((one) => everyOf(comparesOf(one, path)))
      return [path, (value, budget) => any.some((compare) => compare(value, budget))]
    }
    if (name === '$not') {
      const compare = everyOf(comparesOf(operand, path))
      return [path, (value, budget) => !compare(value, budget)]
    }
    return [path, comparisonOf(name as ComparisonName, operand)]
  })
}

function everyOf(compares: readonly [string, Compare][]): Compare {
  return (value, budget) => compares.every(([, compare]) => compare(value, budget))
}
