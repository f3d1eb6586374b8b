import type { TSchema } from 'typebox'
import { type Fault, Problem } from '../../core/problem.ts'

/** Turns the raw query into what the schema says; throws `bad_query` with every fault of it. */
export type QueryParser = (raw: Record<string, unknown>) => Record<string, unknown>

/** What the parser needs to know of a schema. */
interface ParameterSchema {
  type?: string
  enum?: readonly unknown[]
  minimum?: number
  maximum?: number
}

/** Parameters whose names are not known before, by a pattern of them. */
interface PatternedSchema {
  patternProperties?: Record<string, TSchema>
}

type Parse = (text: string) => unknown

/** Makes the parser of one route's query. Parameters that the schema does not name are ignored. */
export function compileQuery(schema: unknown): QueryParser {
  const properties = (schema as { properties?: Record<string, TSchema> } | undefined)?.properties ?? {}
  const parameters = Object.entries(properties).map(([name, rule]) => ({ name, ...parserOf(rule) }))
  const named = Object.entries((schema as PatternedSchema | undefined)?.patternProperties ?? {}).map(
    ([pattern, rule]) => ({ pattern: new RegExp(pattern), ...parserOf(rule) }),
  )
  return (raw) => {
    const query: Record<string, unknown> = {}
    const faults: Fault[] = []
    const take = (name: string, value: unknown, { parse, rule }: ReturnType<typeof parserOf>) => {
      if (value === undefined) return
      const parsed = typeof value === 'string' ? parse(value) : undefined
      if (parsed !== undefined) query[name] = parsed
      else faults.push({ path: name, message: Array.isArray(value) ? 'must be given once' : rule })
    }
    for (const parameter of parameters) take(parameter.name, raw[parameter.name], parameter)
    for (const { pattern, ...parser } of named) {
      for (const [name, value] of Object.entries(raw)) if (pattern.test(name)) take(name, value, parser)
    }
    if (faults.length > 0) throw new Problem('bad_query', { errors: faults })
    return query
  }
}

/** A bare name (`?pretty`) comes as an empty text and means true; undefined for what is not a boolean. */
export function parseBoolean(text: string): boolean | undefined {
  if (text === '' || text === 'true' || text === '1') return true
  if (text === 'false' || text === '0') return false
  return undefined
}

function parserOf(schema: ParameterSchema): { parse: Parse; rule: string } {
  if (schema.type === 'boolean') {
    return { parse: parseBoolean, rule: 'must be true, false, 1, 0, or bare, which means true' }
  }
  if (schema.type === 'integer') {
    const { minimum = 0, maximum = Number.MAX_SAFE_INTEGER } = schema
    return {
      parse: (text) => parseInteger(text, minimum, maximum),
      rule: `must be a whole number from ${minimum} to ${maximum}`,
    }
  }
  if (schema.enum !== undefined) {
    const allowed = schema.enum
    return {
      parse: (text) => (allowed.includes(text) ? text : undefined),
      rule: `must be one of ${allowed.join(', ')}`,
    }
  }
  return { parse: (text) => (text === '' ? undefined : text), rule: 'must not be empty' }
}

function parseInteger(text: string, minimum: number, maximum: number): number | undefined {
  if (!/^\d{1,15}$/.test(text)) return undefined
  const number = Number(text)
  return number >= minimum && number <= maximum ? number : undefined
}
