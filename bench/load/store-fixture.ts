import { randomBytes } from 'node:crypto'
import { DEFAULT_SETTINGS } from '../../src/core/delivery/listener.ts'
import { createIdFactory } from '../../src/core/id.ts'
import { NO_LIMITS } from '../../src/core/tenant/organization.ts'
import type { Store } from '../../src/store/store.ts'

/** A queue with one listener in a store without a server. */
export interface FixtureIds {
  organizationId: string
  place: { organizationId: string; queueId: string }
  listenerId: string
  queueVersion: number
  newId: () => string
}

export async function emptyFixture(store: Store): Promise<FixtureIds> {
  const newId = createIdFactory({ now: Date.now, randomBytes })
  const [organizationId, queueId, listenerId] = [newId(), newId(), newId()]
  const now = Date.now()
  const times = { createdAt: now, updatedAt: now }
  const organization = { id: organizationId, name: 'bench', root: false, status: 'active' as const, limits: NO_LIMITS }
  const key = { id: newId(), organizationId, name: null, digest: newId(), prefix: 'key', status: 'enabled' as const }
  await store.organizations.create(
    { ...organization, ...times },
    { ...key, scopes: null, owner: true, lastUsedAt: null, ...times },
  )
  await store.queues.create({
    id: queueId,
    organizationId,
    name: 'queue',
    version: 1,
    schema: null,
    paused: false,
    ...times,
  })
  const place = { organizationId, queueId }
  const urls = { notifyUrl: 'http://127.0.0.1:9/', livenessUrl: null }
  const secrets = { secret: 'whsec_', retiredSecrets: [] }
  const listener = {
    id: listenerId,
    ...place,
    name: 'listener',
    ...urls,
    ...secrets,
    settings: DEFAULT_SETTINGS,
    ...times,
  }
  await store.listeners.create(listener)
  const route = await store.queues.route({ organizationId, id: queueId })
  return { organizationId, place, listenerId, queueVersion: route!.queue.version, newId }
}
