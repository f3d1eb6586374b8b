import type { QueueDirectory } from '../../app/caches/queue-directory.ts'
import type { Acceptor, RecentLiveness } from '../../app/deps.ts'
import { leftOutOfEach } from '../../app/left-out.ts'
import { MAX_DELIVERIES } from '../../core/delivery/delivery.ts'
import type { Message } from '../../core/delivery/message.ts'
import { type Decision, decide } from '../../core/notification/decide.ts'
import { type Notification, notificationData, notificationHeaders } from '../../core/notification/notification.ts'
import { knownListeners, type Told, toldOf, writtenTold } from '../../core/notification/told.ts'
import { ownerOf } from '../../core/sharing/rendezvous.ts'
import type { Runtime } from '../../runtime.ts'
import type { IdempotencyRecord } from '../../store/idempotency-records.ts'
import type { Store } from '../../store/store.ts'
import { TOLD_TARGET, type WatchedOrganization } from '../../store/telemetry/notifications.ts'
import { withListenerDetails } from './listener-details.ts'
import { readStanding } from './standing-reader.ts'

/** Organizations that are read at a time. */
const PAGE = 100
const KEPT_MS = 86_400_000

export interface NotifierDeps {
  store: Pick<Store, 'notifications' | 'listeners' | 'events' | 'answers' | 'liveness'>
  node: string
  acceptor: Pick<Acceptor, 'accept'>
  directory: QueueDirectory
  recentLiveness: RecentLiveness
  runtime: Runtime
}

/**
 * Tells organizations that have a queue of notifications how they stand, each time that this has changed. A tick compares
 * what is stored with what was told; it answers 0.
 *
 * Messages are stored in one transaction with a record of what they tell, under the number of this version of what was
 * told. A node that dies after it, or another node that decides at the same time, finds the record, and takes it over instead of telling
 * again: each incident is told once.
 */
export function createNotifier(deps: NotifierDeps): () => Promise<number> {
  const { store, node, runtime } = deps

  async function watch(watched: WatchedOrganization): Promise<void> {
    const { organizationId, queueId } = watched
    const stored = await store.notifications.read({ organizationId })
    const before = stored === null ? null : toldOf(stored.told)
    const known = before === null ? [] : knownListeners(before)
    const standing = await readStanding(store, { organizationId, queueId, known, now: runtime.now() })
    const most = await mostAtOnce(watched)
    if (most === null) return
    const decision = decide(before, standing, { queueId, most })
    if (decision.told === null) return
    await tell(watched, (stored?.version ?? 0) + 1, decision, decision.told)
  }

  /** As many messages as one request may be: each makes a delivery to every listener of the queue. Null: it is gone. */
  async function mostAtOnce({ organizationId, queueId }: WatchedOrganization): Promise<number | null> {
    const route = await deps.directory.load(organizationId, queueId)
    return route && Math.max(1, Math.floor(MAX_DELIVERIES / Math.max(1, route.listeners.length)))
  }

  async function tell(watched: WatchedOrganization, version: number, decision: Decision, told: Told): Promise<void> {
    const { organizationId } = watched
    const written = writtenTold(told)
    const save = (text: string) => store.notifications.save({ organizationId, version, told: text })
    if (decision.notifications.length === 0) return void (await save(written))
    const record = recordOf(organizationId, version, written)
    const outcome = await storeAll(watched, decision.notifications, record)
    if (outcome === 'accepted') await save(written)
    if (outcome === 'answered') {
      const found = await store.answers.find({ ...record, now: record.storedAt })
      if (found !== null) await save(found.body)
    }
  }

  async function storeAll(watched: WatchedOrganization, all: readonly Notification[], record: IdempotencyRecord) {
    const { organizationId, queueId } = watched
    const detailed = await Promise.all(all.map((one) => withListenerDetails(deps, organizationId, one)))
    const route = await deps.directory.load(organizationId, queueId)
    if (route === null) return 'stale'
    const messages = detailed.map((one) => messageOf(watched, one))
    const outcome = await deps.acceptor.accept(
      messages,
      route,
      record,
      undefined,
      leftOutOfEach(route.filters, messages),
    )
    // Told with the next tick, by the queue as it is then.
    if (outcome === 'stale') deps.directory.forget(organizationId, queueId)
    return outcome
  }

  function messageOf(watched: WatchedOrganization, notification: Notification): Omit<Message, 'sequence'> {
    const now = runtime.now()
    const data = notificationData(notification, now)
    const headers = notificationHeaders(notification)
    const rest = { createdAt: now, deliverAt: now, expiresAt: null, mediaType: null, key: null }
    return { ...watched, ...rest, id: runtime.newId(), name: notification.type, data, headers }
  }

  function recordOf(organizationId: string, version: number, body: string): IdempotencyRecord {
    const storedAt = runtime.now()
    const key = String(version)
    return {
      organizationId,
      target: TOLD_TARGET,
      key,
      digest: '',
      status: 200,
      body,
      storedAt,
      expiresAt: storedAt + KEPT_MS,
    }
  }

  /** Of several nodes each sees to its part of the organizations. */
  async function isOurs(): Promise<(watched: WatchedOrganization) => boolean> {
    const nodes = await store.liveness.nodes({ now: runtime.now() })
    if (nodes === null) return () => true
    const all = [...new Set([...nodes, node])]
    return ({ organizationId }) => ownerOf(organizationId, all) === node
  }

  return async () => {
    const ours = await isOurs()
    for (let after: string | null = null, isMore = true; isMore; ) {
      const page: WatchedOrganization[] = await store.notifications.watched({ after, limit: PAGE })
      for (const watched of page.filter(ours)) {
        await watch(watched).catch((err: unknown) => {
          // One organization keeps no other from being told.
          runtime.log.error({ err, organizationId: watched.organizationId }, 'notifications could not be told')
        })
      }
      isMore = page.length === PAGE
      after = page.at(-1)?.organizationId ?? null
    }
    return 0
  }
}
