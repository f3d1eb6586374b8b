import { pino } from 'pino'
import { ensureRootKey } from '../../src/app/tenant/root-key.ts'
import { DEFAULT_SETTINGS } from '../../src/core/delivery/listener.ts'
import { makeSecret } from '../../src/core/delivery/signature.ts'
import { createRuntime } from '../../src/runtime.ts'
import { openSqliteStore } from '../../src/store-sqlite/database.ts'

/** A queue to make, with this many messages. */
export interface Filling {
  name: string
  messages: number
  /** The listener that they wait for, until far in the future; without one they go nowhere. */
  listenerUrl?: string
  /** Schedules to make as well, of this cron expression. */
  schedules?: { count: number; cron: string }
}

const AT_ONCE = 1_000
const DATA = 'x'.repeat(256)
/** Messages wait for these days to come, one after the other. */
const FIRST_DUE_MS = 3_600_000

/** Fills the database at `path` without a server, which would take minutes; answers with the queues' ids, in order. */
export async function fillStore(path: string, rootKey: string, fillings: readonly Filling[]): Promise<string[]> {
  const runtime = createRuntime(pino({ level: 'silent' }))
  const store = await openSqliteStore(path)
  try {
    await ensureRootKey({ store, runtime }, rootKey)
    const { id: organizationId } = (await store.organizations.findRoot())!
    const ids: string[] = []
    for (const filling of fillings) {
      const [id, now] = [runtime.newId(), runtime.now()]
      const plain = { schema: null, paused: false, version: 1, createdAt: now, updatedAt: now }
      await store.queues.create({ id, organizationId, name: filling.name, ...plain })
      await fill(id, organizationId, filling)
      ids.push(id)
    }
    return ids
  } finally {
    await store.close()
  }

  async function fill(queueId: string, organizationId: string, filling: Filling): Promise<void> {
    const { messages, listenerUrl, schedules } = filling
    const listenerId = listenerUrl === undefined ? null : await addListener(queueId, organizationId, listenerUrl)
    for (let done = 0; done < messages; done += AT_ONCE) {
      await add(queueId, organizationId, { count: Math.min(messages - done, AT_ONCE), listenerId, done })
    }
    for (let done = 0; done < (schedules?.count ?? 0); done++) {
      const now = runtime.now()
      const times = { startsAt: null, endsAt: null, createdAt: now, updatedAt: now }
      const timing = { timing: { cron: schedules!.cron }, timezone: 'UTC', paused: false, catchUp: 'none' as const }
      const place = { id: runtime.newId(), organizationId, queueId, name: `schedule-${done}` }
      const what = {
        data: DATA,
        messageName: null,
        key: null,
        headers: null,
        mediaType: null,
        expiresInMs: null,
        overlap: 'allow' as const,
        jitterMs: 0,
      }
      const schedule = { ...place, ...times, ...timing, ...what }
      await store.schedules.create(schedule, now)
    }
  }

  async function addListener(queueId: string, organizationId: string, notifyUrl: string): Promise<string> {
    const [id, now] = [runtime.newId(), runtime.now()]
    const urls = { notifyUrl, livenessUrl: null, secret: makeSecret(runtime.randomBytes), retiredSecrets: [] }
    const times = { createdAt: now, updatedAt: now }
    const listener = { id, organizationId, queueId, name: 'listener', ...urls, settings: DEFAULT_SETTINGS, ...times }
    await store.listeners.create(listener)
    return id
  }

  async function add(
    queueId: string,
    organizationId: string,
    { count, listenerId, done }: { count: number; listenerId: string | null; done: number },
  ): Promise<void> {
    const now = runtime.now()
    const deliveries = listenerId === null ? [] : [{ listenerId, leased: false }]
    const messages = Array.from({ length: count }, (_, index) => ({
      message: {
        ...{ id: runtime.newId(), organizationId, queueId, name: null, key: null, data: DATA, createdAt: now },
        deliverAt: listenerId === null ? now : now + FIRST_DUE_MS + done + index,
        expiresAt: null,
        headers: null,
        mediaType: null,
      },
      deliveries,
    }))
    // Adding the listener was a change of the queue.
    const accepts = [{ queueVersion: listenerId === null ? 1 : 2, messages, answer: null }]
    const { accepts: results } = await store.commit({ node: 'bench', now, accepts, settlements: [], keyUses: [] })
    if (results[0]!.outcome !== 'accepted') throw new Error(`filling the store failed: ${results[0]!.outcome}`)
  }
}
