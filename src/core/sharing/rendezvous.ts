/**
 * Which of the nodes sees to something: the same answer wherever it is asked, about as much for each, and where a node
 * comes or goes, nothing changes hands but what is that node's (rendezvous hashing; Thaler and Ravishankar, 1996).
 * Null where there are no nodes.
 */
export function ownerOf(id: string, nodes: readonly string[]): string | null {
  let owner: string | null = null
  let highest = -1
  for (const node of nodes) {
    const score = mixed(hash(`${node} ${id}`))
    // Two that are equal are as good as never seen, but must not be decided by the order that nodes are read in.
    if (score > highest || (score === highest && owner !== null && node > owner)) [owner, highest] = [node, score]
  }
  return owner
}

/** FNV-1a, 32 bits. */
function hash(text: string): number {
  let sum = 0x811c9dc5
  for (let at = 0; at < text.length; at++) sum = Math.imul(sum ^ text.charCodeAt(at), 0x01000193)
  return sum
}

/** Every bit of a hash into every other (the last step of MurmurHash3): ids that differ in their end must not stay alike. */
function mixed(sum: number): number {
  let bits = Math.imul(sum ^ (sum >>> 16), 0x85ebca6b)
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35)
  return (bits ^ (bits >>> 16)) >>> 0
}
