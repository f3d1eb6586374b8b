import type { FastifySchemaValidationError } from 'fastify/types/schema.js'
import { Problem } from '../../core/problem.ts'
import { FaultList, pointerStep } from '../../core/schema/fault-list.ts'
import { formats } from './formats.ts'

/** The validator's error, with what its verbose mode adds. */
interface ValidationError extends FastifySchemaValidationError {
  data?: unknown
  parentSchema?: { description?: string; properties?: Record<string, { readOnly?: boolean }> }
}

const TYPES: Record<string, string> = {
  string: 'a string',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  array: 'an array',
  object: 'a JSON object',
  null: 'null',
}

/** The 422 that says of every fault where it is and what is allowed there. */
export function invalidBody(errors: FastifySchemaValidationError[]): Problem {
  const choices = errors.filter((error) => error.keyword === 'anyOf')
  const found = new FaultList('')
  for (const error of errors) {
    if (isSaidElsewhere(error, choices, errors)) continue
    found.add(messageOf(error), pathOf(error))
    if (found.full) break
  }
  return new Problem('invalid', { errors: found.faults })
}

/**
 * The faults of several alternatives would contradict each other: the one of their parent says it all. But where the value
 * is wrong inside, its kind was right, and what is wrong there tells more than the parent can.
 */
function isSaidElsewhere(
  error: FastifySchemaValidationError,
  choices: readonly FastifySchemaValidationError[],
  errors: readonly FastifySchemaValidationError[],
): boolean {
  const isInside = (inner: FastifySchemaValidationError, choice: FastifySchemaValidationError) =>
    inner.schemaPath.startsWith(`${choice.schemaPath}/`) && inner.instancePath.startsWith(`${choice.instancePath}/`)
  if (error.keyword === 'anyOf' && errors.some((inner) => isInside(inner, error))) return true
  const around = choices.filter((choice) => error.schemaPath.startsWith(`${choice.schemaPath}/`))
  return around.some((choice) => !isInside(error, choice))
}

function pathOf({ keyword, instancePath, params }: ValidationError): string {
  if (keyword === 'required') return `${instancePath}/${pointerStep(String(params.missingProperty))}`
  if (keyword === 'additionalProperties') return `${instancePath}/${pointerStep(String(params.additionalProperty))}`
  return instancePath
}

function messageOf({ keyword, params, parentSchema, data, message }: ValidationError): string {
  switch (keyword) {
    case 'type':
      return `must be ${[params.type]
        .flat()
        .map((type) => TYPES[String(type)])
        .join(' or ')}`
    case 'required':
      return 'is required'
    case 'additionalProperties':
      return `is not known here; allowed are: ${writableOf(parentSchema?.properties ?? {}).join(', ')}`
    case 'enum':
      return `must be one of: ${[params.allowedValues].flat().join(', ')}`
    case 'minimum':
      return `must be at least ${params.limit}`
    case 'maximum':
      return `must be at most ${params.limit}`
    case 'maxItems':
      return `must have at most ${params.limit} entries`
    case 'format':
      return formats[String(params.format)]?.(String(data)) ?? String(message)
    default:
      return parentSchema?.description ?? String(message)
  }
}

function writableOf(properties: Record<string, { readOnly?: boolean }>): string[] {
  return Object.keys(properties).filter((name) => properties[name]?.readOnly !== true)
}
