import { partName } from './names.ts'
import type { Node } from './node.ts'

interface Exclusive {
  names: readonly string[]
  required: boolean
}

/** Under a symbol, which the validator does not look at: a use case checks this, and says what is wrong in its words. */
const RULE = Symbol('exclusive')

/** An option of a schema: a body has exactly one of these properties. */
export function exactlyOne(...names: string[]): { [RULE]: Exclusive } {
  return { [RULE]: { names, required: true } }
}

/** An option of a schema: a body has one of these properties at most. */
export function atMostOne(...names: string[]): { [RULE]: Exclusive } {
  return { [RULE]: { names, required: false } }
}

/** Whether a body must have one of some properties, though none by itself. */
export function needsOneOf(schema: Node): boolean {
  return (schema as Node & { [RULE]?: Exclusive })[RULE]?.required === true
}

/**
 * The schema with its rule in words that JSON Schema knows: `oneOf` an object for each of the properties, which generators
 * make a type of each of, or `not` more than one of them.
 */
export function withExclusive(schema: Node, title: string | undefined): Node {
  const { [RULE]: rule, ...plain } = schema as Node & { [RULE]?: Exclusive }
  if (rule === undefined) return schema
  const { names, required } = rule
  if (!required)
    return { ...plain, not: { properties: Object.fromEntries(names.map((name) => [name, {}])), required: names } }
  return { oneOf: names.map((name) => ({ title: partName(title, name), ...withOnly(plain, name, names) })) }
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
