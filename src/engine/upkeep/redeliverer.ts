import type { Runtime } from '../../runtime.ts'
import type { Store } from '../../store/store.ts'

/** How many deliveries to begin again at a time: a few milliseconds' work, for which writes wait. */
const STEP = 100

/**
 * Works off redeliveries of many messages, and keys that are not to be blocked any more, a step a tick; the answer is 0
 * once nothing is left. Organizations take turns. The store tells of what it sets free.
 */
export function createRedeliverer(deps: {
  store: Pick<Store, 'redeliveries' | 'orders'>
  runtime: Pick<Runtime, 'now'>
}): () => Promise<number> {
  const { store, runtime } = deps
  let afterOrganization = ''
  return async () => {
    const now = runtime.now()
    const step = await store.redeliveries.step({ limit: STEP, now, afterOrganization })
    afterOrganization = step.organizationId ?? ''
    const released = await store.orders.release({ limit: STEP, now })
    return step.looked + released.looked
  }
}
