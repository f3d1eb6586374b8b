import { pino } from 'pino'
import { ensureRootKey } from '../src/app/root-key.ts'
import { createRuntime } from '../src/runtime.ts'
import { openSqliteStore } from '../src/store-sqlite/database.ts'

/** A queue to make, with this many messages and no listener. */
export interface Filling {
  name: string
  messages: number
}

const AT_ONCE = 1_000
const DATA = 'x'.repeat(256)

/** Fills the database at `path` without a server, which would take minutes; answers with the queues' ids, in order. */
export async function fillStore(path: string, rootKey: string, fillings: readonly Filling[]): Promise<string[]> {
  const runtime = createRuntime(pino({ level: 'silent' }))
  const store = await openSqliteStore(path)
  try {
    await ensureRootKey({ store, runtime }, rootKey)
    const { id: organizationId } = (await store.organizations.findRoot())!
    const ids: string[] = []
    for (const { name, messages } of fillings) {
      const [id, now] = [runtime.newId(), runtime.now()]
      const plain = { schema: null, paused: false, version: 1, createdAt: now, updatedAt: now }
      await store.queues.create({ id, organizationId, name, ...plain })
      for (let left = messages; left > 0; left -= AT_ONCE) await add(id, organizationId, Math.min(left, AT_ONCE))
      ids.push(id)
    }
    return ids
  } finally {
    await store.close()
  }

  async function add(queueId: string, organizationId: string, count: number): Promise<void> {
    const now = runtime.now()
    const times = { createdAt: now, deliverAt: now }
    const messages = Array.from({ length: count }, () => ({
      message: { id: runtime.newId(), organizationId, queueId, name: null, key: null, data: DATA, ...times },
      deliveries: [],
    }))
    const accepts = [{ queueVersion: 1, messages, answer: null }]
    await store.commit({ node: 'bench', now, accepts, settlements: [], keyUses: [] })
  }
}
