import type { Store } from '../../store/store.ts'

/** What an answer can show that may have been deleted since, by its name in the API. */
export type AnsweredKind =
  | 'api_client'
  | 'api_key'
  | 'domain'
  | 'queue'
  | 'listener'
  | 'redelivery'
  | 'discard'
  | 'schedule'
  | 'message'
  | 'messages'

/** The resource of a stored answer; several ids only of messages. */
export interface AnsweredResource {
  kind: AnsweredKind
  organizationId: string
  /** Where the kind lies within one; else empty. */
  queueId: string
  listenerId: string
  ids: readonly string[]
}

type Stores = Pick<
  Store,
  | 'organizations'
  | 'apiKeys'
  | 'domains'
  | 'queues'
  | 'listeners'
  | 'redeliveries'
  | 'discards'
  | 'schedules'
  | 'messages'
>

/** Whether everything is there still that an answer shows: neither deleted, by itself or with its queue, nor past its retention. */
export async function isStillThere(
  store: Stores,
  { kind, ids, listenerId, ...at }: AnsweredResource,
): Promise<boolean> {
  const { organizationId } = at
  const one = { ...at, id: ids[0] ?? '' }
  switch (kind) {
    case 'api_client':
      return (await store.organizations.get(one.id)) !== null
    case 'api_key':
      return (await store.apiKeys.get({ organizationId, id: one.id })) !== null
    case 'domain':
      return (await store.domains.get({ organizationId, id: one.id })) !== null
    case 'queue':
      return (await store.queues.get({ organizationId, id: one.id })) !== null
    case 'listener':
      return (await store.listeners.get(one)) !== null
    case 'redelivery':
      // Those of a deleted listener are removed later than it.
      if ((await store.listeners.get({ ...at, id: listenerId })) === null) return false
      return (await store.redeliveries.get({ ...one, listenerId })) !== null
    case 'discard':
      // Those of a deleted queue are removed later than it.
      if ((await store.queues.get({ organizationId, id: at.queueId })) === null) return false
      return (await store.discards.get(one)) !== null
    case 'schedule':
      return (await store.schedules.get(one)) !== null
    case 'message':
    case 'messages':
      return (await store.messages.countOf({ ...at, ids })) === ids.length
  }
}
