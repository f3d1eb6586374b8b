import type { Listener } from '../../core/delivery/listener.ts'
import type { AppDeps } from '../deps.ts'
import { unverified } from './verification.ts'

export type ReleaseDeps = Pick<AppDeps, 'store' | 'runtime' | 'domainVerification'>

const AT_ONCE = 500
/** A listener that is changed all the time is judged by each of those changes: nothing is lost where this gives up. */
const TRIES = 5

/** Lets deliveries go to the listeners of an organization that waited for their domains, and whose domains are verified. */
export async function releaseVerified(deps: ReleaseDeps, organizationId: string): Promise<void> {
  for (let offset = 0; ; offset += AT_ONCE) {
    const slice = { offset, limit: AT_ONCE }
    const listeners = await deps.store.listeners.list({ organizationId, queueId: null, only: null, slice })
    for (const listener of listeners) if (listener.settings.awaitsVerification) await release(deps, listener)
    if (listeners.length < AT_ONCE) return
  }
}

/** What is released must be the URLs that were judged. */
async function release(deps: ReleaseDeps, { organizationId, queueId, id }: Listener): Promise<void> {
  const address = { organizationId, queueId, id }
  for (let tries = 0; tries < TRIES; tries++) {
    const listener = await deps.store.listeners.get(address)
    if (listener === null || !listener.settings.awaitsVerification) return
    if ((await unverified(deps, organizationId, listener)).length > 0) return
    const change = { changes: { settings: { awaitsVerification: false } }, ifMatch: [listener.revision] }
    const changed = await deps.store.listeners.update({ ...address, ...change, now: deps.runtime.now() })
    if (changed !== 'changed') return
  }
}
