import type { Node } from './node.ts'

/** Keywords that say something of values of one type alone. */
const OF_TYPE: Record<string, readonly string[]> = {
  integer: ['minimum', 'maximum', 'multipleOf'],
  string: ['minLength', 'maxLength', 'pattern', 'format'],
}

/**
 * A value that may have several types, as one schema for each: JSON Schema takes a list of types, which generators for Go
 * refuse. `null` beside a single other type is what they know, and stays.
 */
export function alternatives(node: Node): Node {
  const types = [node.type].flat() as string[]
  if (types.filter((type) => type !== 'null').length < 2) return node
  const special = new Set(Object.values(OF_TYPE).flat())
  const { type: _, ...rest } = node
  const shared = Object.entries(rest).filter(([keyword]) => !special.has(keyword))
  const oneOf = types.map((type) => {
    const own = (OF_TYPE[type] ?? []).filter((keyword) => keyword in rest).map((keyword) => [keyword, rest[keyword]])
    return { type, ...Object.fromEntries(own) }
  })
  return { ...Object.fromEntries(shared), oneOf }
}
