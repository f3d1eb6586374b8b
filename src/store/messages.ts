import type { Attempt } from '../core/attempt.ts'
import type { DeliverySummary, Message } from '../core/message.ts'
import type { Belief, Only, Revised } from './store.ts'

export interface MessageDetails {
  message: Message
  deliveries: DeliverySummary[]
}

export interface MessageStore {
  get(ask: { organizationId: string; queueId: string; id: string }): Promise<Revised<MessageDetails> | null>
  /**
   * Newest first, those before the id `before` where it is given; of one queue, or of all of the organization's
   * where `queueId` is null. `full` adds the deliveries, which otherwise are empty.
   */
  list(ask: {
    organizationId: string
    queueId: string | null
    only: Only
    before: string | null
    offset: number
    limit: number
    full: boolean
  }): Promise<MessageDetails[]>
  rename(ask: {
    organizationId: string
    queueId: string
    id: string
    name: string
    belief?: Belief
  }): Promise<'updated' | 'not_found' | 'changed'>
  /** Cancels what is still pending of it. Answers with the listeners that still waited for it. */
  delete(ask: {
    organizationId: string
    queueId: string
    id: string
    belief?: Belief
  }): Promise<{ listenerIds: string[] } | 'not_found' | 'changed'>
  /** By listener, and newest first for each. */
  attempts(ask: {
    organizationId: string
    queueId: string
    id: string
  }): Promise<{ listenerId: string; attempt: Attempt }[] | null>
}
