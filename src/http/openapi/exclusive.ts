import { partName } from './names.ts'
import type { Node } from './node.ts'

interface Exclusive {
  names: readonly string[]
  required: boolean
}

/** Under a symbol, which the validator does not look at: a use case checks this, and says what is wrong in its words. */
const RULES = Symbol('exclusive')

/** An option of a schema: a body has exactly one of these properties. */
export function exactlyOne(...names: string[]): { [RULES]: readonly Exclusive[] } {
  return exclusive({ names, required: true })
}

/** An option of a schema: of each of these groups a body has one property at most, or exactly one where it is required. */
export function exclusive(...rules: Exclusive[]): { [RULES]: readonly Exclusive[] } {
  return { [RULES]: rules }
}

/** Whether a body must have one of some properties, though none by itself. */
export function needsOneOf(schema: Node): boolean {
  return (schema as Node & { [RULES]?: readonly Exclusive[] })[RULES]?.some(({ required }) => required) === true
}

/**
 * The schema with its rules in words that JSON Schema knows: for a single group that is required `oneOf` an object for each
 * of the properties, which generators make a type of each of; else `not` more than one of a group, for generators would make
 * a type of each combination.
 */
export function withExclusive(schema: Node, title: string | undefined): Node {
  const { [RULES]: rules, ...plain } = schema as Node & { [RULES]?: readonly Exclusive[] }
  if (rules === undefined) return schema
  const [{ names, required }] = rules as [Exclusive]
  if (rules.length === 1 && required)
    return { oneOf: names.map((name) => ({ title: partName(title, name), ...withOnly(plain, name, names) })) }
  const nots = rules.map(({ names }) => together(names))
  const atLeast = rules.some(({ required }) => required) ? { minProperties: 1 } : {}
  return { ...plain, ...atLeast, not: nots.length === 1 ? nots[0] : { anyOf: nots } }
}

function together(names: readonly string[]): Node {
  return { properties: Object.fromEntries(names.map((name) => [name, {}])), required: names }
}

function withOnly({ properties, required = [], ...rest }: Node, name: string, names: readonly string[]): Node {
  const all = Object.entries(properties as Record<string, Node>)
  const own = all.filter(([property]) => property === name || !names.includes(property))
  return {
    ...rest,
    required: [...(required as readonly string[]), name],
    properties: Object.fromEntries(own.map(([property, rule]) => [property, property === name ? given(rule) : rule])),
  }
}

/** What stands for its absence is no value of it. */
function given(rule: Node): Node {
  const types = [rule.type].flat().filter((type) => type !== 'null')
  return { ...rule, type: types.length === 1 ? types[0] : types }
}
