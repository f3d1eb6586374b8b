import { texts } from '../connect/arrays.ts'
import type { Db } from '../connect/session.ts'

const FIND = `
  select l.id, l.organization_id as "organizationId", l.queue_id as "queueId"
    from unnest($1::text[]) u(id) join discue.listeners l on l.id = any(array[u.id])`

/** So many listeners' owners are remembered; they never change. */
const KEPT = 100_000

export interface ListenerOwner {
  organizationId: string
  queueId: string
}

/** Where a listener belongs, for the engine knows it by its id alone, while every key begins with the organization. */
export interface ListenerOwners {
  /** Null for a listener that is gone, unless it is still remembered. */
  of(listenerId: string): Promise<ListenerOwner | null>
  /** Of many listeners, by id, in one statement at most. */
  ofAll(listenerIds: readonly string[]): Promise<Map<string, ListenerOwner>>
  remember(listenerId: string, place: ListenerOwner): void
}

export function createListenerOwners(db: Db): ListenerOwners {
  const known = new Map<string, ListenerOwner>()
  const remember: ListenerOwners['remember'] = (listenerId, place) => {
    if (known.size >= KEPT) known.clear()
    known.set(listenerId, place)
  }
  async function ofAll(listenerIds: readonly string[]): Promise<Map<string, ListenerOwner>> {
    const found = new Map<string, ListenerOwner>()
    const unknown = new Set<string>()
    for (const id of listenerIds) {
      const kept = known.get(id)
      if (kept === undefined) unknown.add(id)
      else found.set(id, kept)
    }
    if (unknown.size === 0) return found
    for (const { id, ...owner } of await db.rows<ListenerOwner & { id: string }>(FIND, [texts([...unknown])])) {
      remember(id, owner)
      found.set(id, owner)
    }
    return found
  }
  return {
    of: async (listenerId) => known.get(listenerId) ?? (await ofAll([listenerId])).get(listenerId) ?? null,
    ofAll,
    remember,
  }
}
