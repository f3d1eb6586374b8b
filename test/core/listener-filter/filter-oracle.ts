import type { DataFilter, ListenerFilter } from '../../../src/core/listener-filter/filter.ts'

type Json = null | boolean | number | string | Json[] | { [name: string]: Json }

/** Whether a message fits a filter, read word by word from what the documentation says, with no thought of speed. */
export function fitsByTheBook(filter: ListenerFilter, { name, data }: { name: string | null; data: string }): boolean {
  if (filter.name !== undefined && !filter.name.some((pattern) => name !== null && expressionOf(pattern).test(name))) {
    return false
  }
  if (filter.data === undefined) return true
  const object = objectIn(data)
  return object !== null && fitsData(filter.data, object)
}

function expressionOf(pattern: string): RegExp {
  const escaped = pattern.split('*').map((part) => part.replaceAll('.', '[.]'))
  return new RegExp(`^${escaped.join('.*')}$`)
}

function objectIn(data: string): { [name: string]: Json } | null {
  try {
    const value = JSON.parse(data) as Json
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : null
  } catch {
    return null
  }
}

function fitsData(filter: DataFilter, object: { [name: string]: Json }): boolean {
  for (const [key, asked] of Object.entries(filter)) {
    if (key === '$or') {
      if (!(asked as DataFilter[]).some((one) => fitsData(one, object))) return false
    } else if (key === '$not') {
      if (fitsData(asked as DataFilter, object)) return false
    } else if (!fitsValue(asked, at(object, key))) return false
  }
  return true
}

/** The generated paths hold no escapes but that of a dot. */
function at(object: Json, path: string): Json | undefined {
  let value: Json | undefined = object
  for (const step of path.replaceAll('\\.', '\0').split('.')) {
    const name = step.replaceAll('\0', '.')
    if (typeof value !== 'object' || value === null) return undefined
    const names: string[] = Object.keys(value)
    value = names.includes(name) ? (value as { [name: string]: Json })[name] : undefined
  }
  return value
}

function fitsValue(asked: unknown, value: Json | undefined): boolean {
  if (typeof asked !== 'object' || asked === null) return value === asked
  return Object.entries(asked).every(([operator, operand]) => holds(operator, operand, value))
}

function holds(operator: string, operand: unknown, value: Json | undefined): boolean {
  switch (operator) {
    case '$or':
      return (operand as unknown[]).some((one) => fitsValue(one, value))
    case '$not':
      return !fitsValue(operand, value)
    case '$eq':
      return value === operand
    case '$ne':
      return value !== operand
    case '$in':
      return (operand as unknown[]).some((one) => one === value)
    case '$nin':
      return !(operand as unknown[]).some((one) => one === value)
    case '$exists':
      return operand === true ? value !== undefined : value === undefined
    case '$startsWith':
      return typeof value === 'string' && value.slice(0, (operand as string).length) === operand
    case '$endsWith':
      return (
        typeof value === 'string' &&
        ((operand as string) === '' || value.slice(-(operand as string).length) === operand)
      )
    case '$contains':
      if (Array.isArray(value)) return value.some((one) => one === operand)
      return typeof value === 'string' && typeof operand === 'string' && value.split(operand).length > 1
    default:
      return compares(operator, operand, value)
  }
}

function compares(operator: string, operand: unknown, value: Json | undefined): boolean {
  if (typeof value !== typeof operand || value === null || value === undefined) return false
  const [first] = [value, operand as Json].toSorted((a, b) => (a! < b! ? -1 : a! > b! ? 1 : 0))
  const equal = value === operand
  const isLess = !equal && first === value
  switch (operator) {
    case '$lt':
      return isLess
    case '$lte':
      return isLess || equal
    case '$gt':
      return !isLess && !equal
    case '$gte':
      return !isLess
    default:
      throw new Error(`no operator: ${operator}`)
  }
}
