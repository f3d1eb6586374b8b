import type * as Api from '../../../docs/api/types.ts'

// What the API answers, as its own description has it, under the names that the pages use.
export type {
  ApiClient as Organization,
  Attempt,
  DeliveryMethod,
  Discard,
  Domain,
  Links as LinkMap,
  Listener,
  ListenerAttempt,
  ListenerDelivery,
  ListenerLiveness as Liveness,
  LivenessState,
  Message,
  MessageDelivery as Delivery,
  MessageStats as Stats,
  MessageStatus,
  NewScope as Scope,
  PreviewScheduleResult as SchedulePreview,
  Queue,
  QueueRef as Ref,
  Redelivery,
  Schedule,
  ScheduleRun,
  UsageEvent,
  UsageEventType as EventType,
  WaitReason,
} from '../../../docs/api/types.ts'

/** Its description leaves the targets of an answer open; they are what was sent. */
export type ApiKey = Omit<Api.ApiKey, 'scopes'> & { scopes: Api.NewScope[] }

export type Schema = NonNullable<Api.Queue['schema']>

/** Those that a part has: a listener adds no queues. */
export type Counts = Partial<Api.UsageCounts>

/** Of one queue, or of one listener. */
export type PartStats = Omit<Api.MessageStatsQueue, 'counts'> & { counts: Counts }

/** A period of a series, or several that were joined, whose latencies cannot be. */
export type Bucket = Pick<Api.MessageStatsPeriod, 'start'> &
  Partial<Pick<Api.MessageStatsPeriod, 'delivery_latency'>> & { counts: Counts }
