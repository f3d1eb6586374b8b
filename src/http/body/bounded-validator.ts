import type { FastifySchemaValidationError } from 'fastify/types/schema.js'

/** Tells whether the data fits; where it does not, `errors` says why. */
export interface Validator {
  (data: unknown): unknown
  errors?: FastifySchemaValidationError[] | null | undefined
}

/** All that is wrong with a larger body is not worth what finding it costs: a fault for each value. */
const MAX_EXPLAINED_VALUES = 1_000

/**
 * A validator that stops at the first fault, but tells all of them where the data is small. Both are built when they are
 * first needed; that it fits is found out by the quicker one alone.
 */
export function boundedValidator(buildFirst: () => Validator, buildAll: () => Validator): Validator {
  let [first, all]: (Validator | undefined)[] = []
  const validate: Validator = (data) => {
    first ??= buildFirst()
    if (first(data) === true) {
      validate.errors = null
      return true
    }
    validate.errors = first.errors
    if (hasMoreThan(MAX_EXPLAINED_VALUES, data)) return false
    all ??= buildAll()
    all(data)
    validate.errors = all.errors
    return false
  }
  return validate
}

/** Whether there are more than so many values in all. Looks at no more of them than that. */
function hasMoreThan(limit: number, data: unknown): boolean {
  const open = [data]
  let values = 0
  for (let value = open.pop(); value !== undefined; value = open.pop()) {
    if (typeof value !== 'object' || value === null) continue
    for (const key in value) {
      values += 1
      if (values > limit) return true
      open.push((value as Record<string, unknown>)[key])
    }
  }
  return false
}
