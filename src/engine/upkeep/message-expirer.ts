import type { Runtime } from '../../runtime.ts'
import type { Store } from '../../store/store.ts'

/** Messages that a step looks at. */
const MESSAGES = 100

/**
 * Discards what is not delivered of messages whose time is over, a step of one organization with each tick, and what lanes
 * hold of them; the answer is 0 once nothing is left. Nothing need ever try to send them.
 */
export function createMessageExpirer({
  store,
  runtime,
  node,
  endHeld,
}: {
  store: Pick<Store, 'expiries'>
  runtime: Runtime
  node: string
  /** Has this node's lanes give up what has expired in their buffers. */
  endHeld: () => void
}): () => Promise<number> {
  let afterOrganization: string | null = null
  return async () => {
    endHeld()
    const { looked, organizationId } = await store.expiries.step({
      node,
      now: runtime.now(),
      limit: MESSAGES,
      afterOrganization,
    })
    afterOrganization = organizationId
    return looked
  }
}
