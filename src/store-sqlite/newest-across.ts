interface Part {
  before: string
  limit: number
  offset: number
}

/**
 * The newest entries over many queues, each of which can only be read on its own: reads the first entry of each,
 * then goes on, entry by entry, in the queue whose next one is the newest. An index over all of an organization's
 * messages would spare this, and cost every accepted message one more write.
 */
export function newestAcross<Entry extends { id: string }>(
  queueIds: readonly string[],
  read: (queueId: string, part: Part) => Entry[],
  part: Part,
): Entry[] {
  const next = (queueId: string, before: string) => read(queueId, { before, limit: 1, offset: 0 })[0]
  const heads: { queueId: string; entry: Entry }[] = []
  for (const queueId of queueIds) {
    const entry = next(queueId, part.before)
    if (entry !== undefined) heads.push({ queueId, entry })
  }
  heads.sort((a, b) => (a.entry.id < b.entry.id ? -1 : 1))
  const entries: Entry[] = []
  while (heads.length > 0 && entries.length < part.offset + part.limit) {
    const { queueId, entry } = heads.pop()!
    entries.push(entry)
    const following = next(queueId, entry.id)
    if (following !== undefined) insertSorted(heads, { queueId, entry: following })
  }
  return entries.slice(part.offset)
}

/** Keeps the heads in order of id, the newest last. */
function insertSorted<Head extends { entry: { id: string } }>(heads: Head[], head: Head): void {
  let low = 0
  let high = heads.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (heads[middle]!.entry.id < head.entry.id) low = middle + 1
    else high = middle
  }
  heads.splice(low, 0, head)
}
