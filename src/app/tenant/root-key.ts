import { type ApiKey, digestOf, makeKeyText, prefixOf } from '../../core/tenant/api-key.ts'
import { NO_LIMITS, type Organization, ROOT_ORGANIZATION_NAME } from '../../core/tenant/organization.ts'
import type { Runtime } from '../../runtime.ts'
import type { Store } from '../../store/store.ts'

type Deps = { store: Pick<Store, 'organizations' | 'apiKeys' | 'shared'>; runtime: Runtime }

const ROOT_KEY_NAME = 'root'
/** After that a process that has made a root key and not shown it is taken for dead. */
const SHOWING_MS = 10_000
const LOOK_AGAIN_MS = 250

/**
 * Sees to it that there is a root organization with a root key: the configured one, else one made here. Answers with a
 * key that the operator must be shown, or null. The store remembers that it was shown only when it is told
 * (`markRootKeyShown`): a process that dies in between makes and shows another one at its next start.
 */
export async function ensureRootKey(deps: Deps, configured: string | null): Promise<string | null> {
  const { store, runtime } = deps
  const root = await store.organizations.findRoot()
  const shown = root !== null && configured === null ? await wasShown(deps, root) : await store.apiKeys.rootKeyShown()
  if (root !== null && configured === null && shown) return null
  const text = configured ?? makeKeyText(runtime.randomBytes)
  if (root !== null) await setRootKey(deps, root.id, text)
  // Another node was faster, and shows what it has made.
  else if ((await createRoot(deps, text)) === 'name_taken') return ensureRootKey(deps, configured)
  if (configured === null) return text
  if (!shown) await store.apiKeys.markRootKeyShown()
  return null
}

/** Of nodes that start at once on one database, one shows the key it has made; the rest give it the time to. */
async function wasShown({ store, runtime }: Deps, root: Organization): Promise<boolean> {
  const isYoung = () => Math.abs(runtime.now() - root.createdAt) < SHOWING_MS
  while (!(await store.apiKeys.rootKeyShown())) {
    if (!store.shared || !isYoung()) return false
    await new Promise<void>((resolve) => runtime.after(LOOK_AGAIN_MS, resolve))
  }
  return true
}

async function createRoot({ store, runtime }: Deps, text: string) {
  const now = runtime.now()
  const id = runtime.newId()
  const common = { status: 'active', limits: NO_LIMITS, createdAt: now, updatedAt: now } as const
  const root = { id, name: ROOT_ORGANIZATION_NAME, root: true, ...common }
  return store.organizations.create(root, rootKey(runtime, id, text))
}

/** Gives the root key this text; the one that it had stops working. */
async function setRootKey({ store, runtime }: Deps, organizationId: string, text: string): Promise<void> {
  const digest = digestOf(text)
  const now = runtime.now()
  const known = await store.apiKeys.findByDigest(digest)
  if (known?.organization.root && known.key.owner) {
    if (known.key.status === 'disabled') await enable(store, known.key, now)
    return
  }
  if (known !== null) throw new Error('DISCUE_ROOT_API_KEY is the text of another API key; choose a new one')
  const keys = await store.apiKeys.list({ organizationId, only: null, slice: null })
  const current = keys.find((key) => key.owner && key.name === ROOT_KEY_NAME)
  if (current === undefined) {
    const outcome = await store.apiKeys.create(rootKey(runtime, organizationId, text))
    if (outcome !== 'created') throw new Error('the root organization has no room for DISCUE_ROOT_API_KEY')
    return
  }
  await store.apiKeys.replaceDigest({ id: current.id, digest, prefix: prefixOf(text), now })
  if (current.status === 'disabled') await enable(store, current, now)
}

async function enable(store: Deps['store'], { organizationId, id }: ApiKey, now: number): Promise<void> {
  await store.apiKeys.update({ organizationId, id, changes: { status: 'enabled' }, now })
}

function rootKey(runtime: Runtime, organizationId: string, text: string): ApiKey {
  const now = runtime.now()
  return {
    id: runtime.newId(),
    organizationId,
    name: ROOT_KEY_NAME,
    digest: digestOf(text),
    prefix: prefixOf(text),
    status: 'enabled',
    scopes: null,
    owner: true,
    createdAt: now,
    updatedAt: now,
    lastUsedAt: null,
  }
}
