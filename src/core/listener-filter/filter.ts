/** What a value of JSON may be compared with. */
export type Scalar = string | number | boolean | null

/** Comparisons of one value; all that are there must hold. */
interface Comparisons {
  $eq?: Scalar
  $ne?: Scalar
  $in?: Scalar[]
  $nin?: Scalar[]
  $gt?: string | number
  $gte?: string | number
  $lt?: string | number
  $lte?: string | number
  $exists?: boolean
  $startsWith?: string
  $endsWith?: string
  /** Text within a text, or an entry of an array. */
  $contains?: Scalar
  $or?: Comparison[]
  $not?: Comparison
}

/** A value alone stands for `$eq`. */
type Comparison = Scalar | Comparisons

/** By dotted path what the value there must be; all must hold, and so must what `$or` and `$not` combine. */
export type DataFilter = {
  $or?: DataFilter[]
  $not?: DataFilter
} & { [path: string]: Comparison | DataFilter[] | DataFilter | undefined }

/** Which messages of its queue a listener gets: those that fit everything that is there. */
export interface ListenerFilter {
  /** Patterns, of which the message's name must fit one: names in which `*` stands for any run of characters. */
  name?: string[]
  /** Of messages whose data is a JSON object; one with other data does not fit, whatever is asked for. */
  data?: DataFilter
}

/** Name patterns and comparisons of a filter, wherever they stand. */
export const MAX_CONDITIONS = 64
/** `data` is the first; each `$or` and `$not` adds one. */
export const MAX_LEVELS = 8
/** Of a filter's JSON, in UTF-8. */
export const MAX_FILTER_BYTES = 8 * 1024

export const COMPARISONS = [
  '$eq',
  '$ne',
  '$in',
  '$nin',
  '$gt',
  '$gte',
  '$lt',
  '$lte',
  '$exists',
  '$startsWith',
  '$endsWith',
  '$contains',
] as const
export type ComparisonName = (typeof COMPARISONS)[number]

export function isScalar(value: unknown): value is Scalar {
  // JSON can write 1e999, and every reader makes something else of it.
  if (typeof value === 'number') return Number.isFinite(value)
  return value === null || typeof value === 'string' || typeof value === 'boolean'
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
