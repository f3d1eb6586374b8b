import { isDeepStrictEqual } from 'node:util'

/** What the data of a message must hold, where it is JSON: a value at a path of properties, and of places in arrays. */
export interface DataCondition {
  path: readonly string[]
  /** The value as JSON where it is that; a string may also be given as it is. */
  text: string
}

const MAX_PATH_CHARS = 256
const MAX_LEVELS = 16
export const MAX_TEXT_CHARS = 1_024
export const MAX_CONDITIONS = 8

/** Reads a path such as `order.items.0.sku`; null where it is none. */
export function pathOf(text: string): string[] | null {
  const path = text.split('.')
  return text.length <= MAX_PATH_CHARS && path.length <= MAX_LEVELS && !path.includes('') ? path : null
}

/** Whether all conditions hold. Data that is no JSON fits none. Linear in the data. */
export function dataFits(data: string, conditions: readonly DataCondition[]): boolean {
  if (conditions.length === 0) return true
  if (!conditions.every((condition) => mayFit(data, condition))) return false
  let parsed: unknown
  try {
    parsed = JSON.parse(data)
  } catch {
    return false
  }
  return conditions.every(({ path, text }) => isMeant(valueAt(parsed, path), text))
}

/** Looking for the property's name spares most data from being parsed. Where some of it is escaped, the name may be. */
function mayFit(data: string, { path }: DataCondition): boolean {
  const name = path.at(-1)!
  return /^\d+$/.test(name) || data.includes(name) || data.includes('\\')
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  let found = value
  for (const name of path) {
    // Only what the data has itself: `length` of an array, and `constructor` of anything, are none of it.
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, name) || isLength(found, name)) {
      return undefined
    }
    found = (found as Record<string, unknown>)[name]
  }
  return found
}

function isLength(value: object, name: string): boolean {
  return Array.isArray(value) && name === 'length'
}

function isMeant(value: unknown, text: string): boolean {
  if (value === undefined) return false
  if (value === text) return true
  try {
    const wanted: unknown = JSON.parse(text)
    // 0 and -0 are one number in JSON's own terms.
    return value === wanted || isDeepStrictEqual(value, wanted)
  } catch {
    return false
  }
}
