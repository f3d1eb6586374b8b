import type { Db } from '../connect/session.ts'

const FIND = `
  select organization_id as "organizationId", queue_id as "queueId" from discue.listeners where id = $1`

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
  remember(listenerId: string, place: ListenerOwner): void
}

export function createListenerOwners(db: Db): ListenerOwners {
  const known = new Map<string, ListenerOwner>()
  const remember: ListenerOwners['remember'] = (listenerId, place) => {
    if (known.size >= KEPT) known.clear()
    known.set(listenerId, place)
  }
  return {
    async of(listenerId) {
      const kept = known.get(listenerId)
      if (kept !== undefined) return kept
      const [place] = await db.rows<ListenerOwner>(FIND, [listenerId])
      if (place !== undefined) remember(listenerId, place)
      return place ?? null
    },
    remember,
  }
}
