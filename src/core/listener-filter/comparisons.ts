import { type ComparisonName, isScalar, type Scalar } from './filter.ts'
import type { FilterBudget } from './filter-budget.ts'
import { TextSearch } from './text-search.ts'

/** Whether a value, undefined where a message has none there, is as one comparison asks. */
export type Compare = (value: unknown, budget: FilterBudget) => boolean

/** Makes a comparison ready; its operand must be one without faults. */
export function comparisonOf(name: ComparisonName, operand: unknown): Compare {
  switch (name) {
    case '$eq':
      return (value) => value === operand
    case '$ne':
      return (value) => value !== operand
    case '$in':
      return isOneOf(operand as Scalar[])
    case '$nin': {
      const isIn = isOneOf(operand as Scalar[])
      return (value, budget) => !isIn(value, budget)
    }
    case '$gt':
      return ordered(operand, (value, than) => value > than)
    case '$gte':
      return ordered(operand, (value, than) => value >= than)
    case '$lt':
      return ordered(operand, (value, than) => value < than)
    case '$lte':
      return ordered(operand, (value, than) => value <= than)
    case '$exists':
      return (value) => (value !== undefined) === operand
    case '$startsWith':
      return (value) => typeof value === 'string' && value.startsWith(operand as string)
    case '$endsWith':
      return (value) => typeof value === 'string' && value.endsWith(operand as string)
    case '$contains':
      return contains(operand as Scalar)
  }
}

function isOneOf(operands: readonly Scalar[]): Compare {
  const values = new Set<unknown>(operands)
  const longest = Math.max(...operands.map((it) => (typeof it === 'string' ? it.length : 0)))
  // A long text is not even read.
  return (value) => isScalar(value) && !(typeof value === 'string' && value.length > longest) && values.has(value)
}

/** Numbers compare with numbers, and texts with texts, by their UTF-16 units; nothing else is before or behind anything. */
function ordered<Of extends string | number>(operand: unknown, holds: (value: Of, than: Of) => boolean): Compare {
  const isNumber = typeof operand === 'number'
  return (value) => {
    return typeof value === (isNumber ? 'number' : 'string') && holds(value as Of, operand as Of)
  }
}

/** A text that holds the operand, or an array with an entry that equals it. */
function contains(operand: Scalar): Compare {
  const search = typeof operand === 'string' ? new TextSearch(operand) : null
  return (value, budget) => {
    if (Array.isArray(value)) return budget.spend(value.length) && value.includes(operand)
    if (search === null || typeof value !== 'string') return false
    return budget.spend(value.length) && search.isIn(value)
  }
}
