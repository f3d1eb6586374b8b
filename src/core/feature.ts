/**
 * What nodes of an older version, on the same database, do not know: such a node would not find a lease that was extended, or
 * send a message that has expired. Each node says in the database which it knows, and until all that live know it,
 * its use is refused. What is new goes here with the version that brings it.
 */
export const FEATURES = ['lease_extension'] as const

export type Feature = (typeof FEATURES)[number]

/** Nodes that are named; of more it is told how many. */
const NAMED = 3

/** Why a setting is refused that these nodes do not know; null where there are none. */
export function notUnderstood(nodes: readonly string[]): string | null {
  if (nodes.length === 0) return null
  const more = nodes.length > NAMED ? ` and ${nodes.length - NAMED} more` : ''
  const named = `${nodes.slice(0, NAMED).join(', ')}${more}`
  return nodes.length === 1
    ? `cannot be used yet: the node ${named} runs a version that does not know it; send it again once that node is updated or gone`
    : `cannot be used yet: the nodes ${named} run versions that do not know it; send it again once they are updated or gone`
}
