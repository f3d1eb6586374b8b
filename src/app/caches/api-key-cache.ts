import { digestOf, type Principal } from '../../core/tenant/api-key.ts'
import type { Store } from '../../store/store.ts'
import { BoundedCache } from './bounded-cache.ts'

const KEPT_KEYS = 10_000
/** How long a node may go on with a key that another node has disabled or deleted. */
const KEPT_MS = 1_500

interface Entry {
  principal: Principal
  enabled: boolean
  readAt: number
}

/** Finds out who a key belongs to, mostly from memory. */
export interface KeyRing {
  /** What memory knows of the key with this digest and may still be trusted, without waiting. */
  peek(digest: string): Principal | undefined
  /** Null for a key that is unknown or disabled. */
  identify(keyText: string): Promise<Principal | null>
  /** Call it after a key was changed or deleted: it stops working at once. */
  forget(digest: string): void
  forgetAll(): void
  /** Call it after an organization was changed or deleted: all of its keys are read again. */
  forgetOrganization(organizationId: string): void
}

export function createKeyRing(deps: { store: Pick<Store, 'apiKeys'>; now: () => number }): KeyRing {
  const cache = new BoundedCache<Entry>({ limit: KEPT_KEYS, ownerOf: ({ principal }) => principal.organizationId })

  function fresh(digest: string): Entry | undefined {
    const entry = cache.get(digest)
    if (entry === undefined) return undefined
    const age = deps.now() - entry.readAt
    if (age >= 0 && age < KEPT_MS) return entry
    cache.forget(digest)
    return undefined
  }

  async function read(digest: string): Promise<Entry | null> {
    const readAt = deps.now()
    const found = await deps.store.apiKeys.findByDigest(digest)
    if (found === null) return null
    const { id: apiKeyId, organizationId, owner, scopes, status } = found.key
    const { root, status: state, limits } = found.organization
    const rights = { owner, root: root && owner, ofRootOrganization: root, scopes, frozen: state === 'frozen' }
    const principal = { organizationId, apiKeyId, ...rights, requestsPerMinute: limits.requestsPerMinute }
    return { principal, enabled: status === 'enabled', readAt }
  }

  return {
    peek(digest) {
      const entry = fresh(digest)
      return entry?.enabled ? entry.principal : undefined
    },
    async identify(keyText) {
      const digest = digestOf(keyText)
      const entry = fresh(digest) ?? (await cache.load(digest, () => read(digest)))
      return entry?.enabled ? entry.principal : null
    },
    forget: (digest) => cache.forget(digest),
    forgetAll: () => cache.clear(),
    forgetOrganization: (id) => cache.forgetOwner(id),
  }
}
