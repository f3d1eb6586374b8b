import type { LeasedDelivery } from '../../core/delivery/delivery.ts'
import type { Runtime } from '../../runtime.ts'
import type { Store } from '../../store/store.ts'

/** After the store could not be asked. */
const RETRY_MS = 1_000

/**
 * Gives leases up to the store, again and again until it takes them: a node never claims what it believes to hold
 * itself, so what was not handed back would wait for the next start.
 */
export function handBack(
  { store, node, runtime }: { store: Pick<Store, 'deliveries'>; node: string; runtime: Runtime },
  deliveries: readonly LeasedDelivery[],
): Promise<void> {
  const leases = deliveries.map(({ listenerId, lease, message }) => ({ listenerId, lease, sequence: message.sequence }))
  return store.deliveries.handBack({ node, leases }).catch(async (error: unknown) => {
    runtime.log.error({ err: error, listenerId: leases[0]?.listenerId }, 'deliveries could not be handed back')
    await new Promise<void>((resolve) => runtime.after(RETRY_MS, resolve))
    return handBack({ store, node, runtime }, deliveries)
  })
}
