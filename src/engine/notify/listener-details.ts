import type { RecentLiveness } from '../../app/deps.ts'
import { withNews } from '../../core/delivery/liveness.ts'
import { isOfListener, type Notification } from '../../core/notification/notification.ts'
import type { Store } from '../../store/store.ts'

/** Ids of missed messages in one notification; its count tells of all. */
const MAX_IDS = 10
/** Events of the listener that are looked through for why it was disabled. */
const EVENTS = 20

interface Deps {
  store: Pick<Store, 'listeners' | 'events'>
  recentLiveness: RecentLiveness
}

/** The notification with what only the listener itself tells: why it is down or disabled, and which messages it missed. */
export async function withListenerDetails(
  deps: Deps,
  organizationId: string,
  notification: Notification,
): Promise<Notification> {
  if (!isOfListener(notification)) return notification
  const more = await detailsOf(deps, organizationId, notification)
  return { ...notification, details: { ...notification.details, ...more } }
}

async function detailsOf(deps: Deps, organizationId: string, notification: Notification): Promise<object> {
  const { type, details } = notification
  const id = notification.listener!.id
  if (type === 'listener.disabled') return { reason: await reasonOf(deps, organizationId, id) }
  if (type === 'listener.up') return {}
  const listener = await deps.store.listeners.get({ organizationId, queueId: notification.queue!.id, id })
  // It was deleted meanwhile; that it was so is told all the same.
  if (listener === null) return {}
  if (type === 'deliveries.missed') {
    const newest = listener.missedMessageIds.slice(0, Number(details.count))
    return { message_ids: newest.reverse().slice(0, MAX_IDS) }
  }
  const liveness = withNews(listener.liveness, deps.recentLiveness.newsOf(id))
  const { lastFailureStatus: status, lastFailureMsg: message, lastFailureAt: at } = liveness
  return { failure: { status, message, at }, pending_count: listener.pendingCount }
}

/** As the event tells that was written with it: what a client changes has no reason of the server's. */
async function reasonOf({ store }: Deps, organizationId: string, id: string): Promise<string> {
  const ask = { organizationId, categories: ['listeners'] as const, only: [id], since: 0, after: null, limit: EVENTS }
  const { events } = await store.events.list(ask)
  const update = events.find(({ type, subject }) => type === 'listener_updated' && subject.id === id)
  return update?.reason ?? 'an API client disabled it'
}
