import type { Fault } from '../problem.ts'
import { listed } from './fault-list.ts'
import { jsonExcess } from './json-count.ts'
import type { ArrayRule, NumberRule, ObjectRule, Rule, Schema } from './schema.ts'
import { boundsOf, type Check, type PatternBudget, type SchemaCost, SchemaInspection } from './schema-inspection.ts'
import { checkOfString } from './schema-text.ts'

/** A schema that is ready to check messages. */
export interface CompiledSchema {
  /**
   * Why this text of a message does not fit, at most 20 faults with paths below `path`; none means that it does.
   * The time is linear in the length of `data`, and below a second for 256 KiB of it, whatever the patterns. Where
   * one object names a property twice, the last one counts, as it does for nearly every parser of JSON. The messages
   * of a batch share a `budget`.
   */
  check(data: string, path?: string, budget?: PatternBudget): Fault[]
  /** Checks like `check`, and answers with the object that the text says where it fits. */
  read(data: string, path?: string, budget?: PatternBudget): { faults: Fault[]; object: object | null }
  /** Instructions that its patterns compile to, by which its memory grows: some 5 KB each at the very worst. */
  steps: number
}

/** Makes ready once what then checks many messages. `schema` must be one without `schemaFaults`. */
export function compileSchema(schema: Schema): CompiledSchema {
  const cost = { steps: 0 }
  const check = checkOfObject({ type: 'object', props: schema }, cost)
  const read: CompiledSchema['read'] = (data, path = '/data', budget) => {
    const inspection = new SchemaInspection(path, budget)
    const parsed = parse(data)
    if ('reason' in parsed) inspection.add(`must be the text of a JSON object that fits the schema; ${parsed.reason}`)
    else check(inspection, parsed.value)
    const { faults } = inspection
    return { faults, object: 'value' in parsed && faults.length === 0 ? parsed.value : null }
  }
  return { steps: cost.steps, read, check: (...asked) => read(...asked).faults }
}

function parse(data: string): { value: object } | { reason: string } {
  const excess = jsonExcess(data)
  if (excess !== null) return { reason: `it holds ${excess}` }
  let value: unknown
  try {
    value = JSON.parse(data)
  } catch (error) {
    // The parser's own message quotes the text; its position is enough.
    const position = /at position \d+/.exec(error instanceof Error ? error.message : '')
    return { reason: `it is not valid JSON${position === null ? '' : ` ${position[0]}`}` }
  }
  return isObject(value) ? { value } : { reason: 'it is JSON, but not an object' }
}

function checkOf(rule: Rule, cost: SchemaCost): Check {
  const check = checkOfType(rule, cost)
  if (rule.required === false) {
    return (inspection, value) => {
      if (value !== undefined && value !== null) check(inspection, value)
    }
  }
  return (inspection, value) => {
    if (value === undefined) inspection.add('is required')
    else if (value === null) inspection.add('is required, and null is no value')
    else check(inspection, value)
  }
}

function checkOfType(rule: Rule, cost: SchemaCost): Check {
  switch (rule.type) {
    case 'object':
      return checkOfObject(rule, cost)
    case 'array':
      return checkOfArray(rule, cost)
    case 'string':
      return checkOfString(rule, cost)
    case 'number':
      return checkOfNumber(rule)
  }
}

function checkOfObject({ props, strict = true }: ObjectRule, cost: SchemaCost): Check {
  const declared = new Map(Object.keys(props).map((name) => [name, checkOf(props[name]!, cost)]))
  return (inspection, value) => {
    if (!isObject(value)) return inspection.add('must be an object')
    for (const [name, check] of declared) {
      if (inspection.full) return
      inspection.enter(name)
      // `value.constructor` is there without the client having sent it.
      check(inspection, Object.hasOwn(value, name) ? value[name] : undefined)
      inspection.leave()
    }
    if (strict) refuseUndeclared(inspection, value, declared)
  }
}

function refuseUndeclared(inspection: SchemaInspection, value: object, declared: ReadonlyMap<string, Check>): void {
  for (const name of Object.keys(value)) {
    if (inspection.full) return
    if (!declared.has(name)) inspection.addBelow(name, `is not declared; allowed are ${listed([...declared.keys()])}`)
  }
}

function checkOfArray({ items }: ArrayRule, cost: SchemaCost): Check {
  const check = checkOf(items, cost)
  return (inspection, value) => {
    if (!Array.isArray(value)) return inspection.add('must be an array')
    for (const [index, entry] of value.entries()) {
      if (inspection.full) return
      inspection.enter(index)
      check(inspection, entry)
      inspection.leave()
    }
  }
}

function checkOfNumber(rule: NumberRule): Check {
  const { min = -Infinity, max = Infinity } = rule
  const fault = `must be a number${boundsOf(rule)}`
  return (inspection, value) => {
    if (typeof value !== 'number') inspection.add(fault)
    // JSON can write 1e999, and every reader makes something else of it.
    else if (!Number.isFinite(value)) inspection.add('must be a number that fits into 64 bits of floating point')
    else if (value < min || value > max) inspection.add(fault)
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
