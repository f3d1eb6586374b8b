import { type Static, Type } from 'typebox'
import type { QueueDetails } from '../../../store/queues.ts'
import { entryLinks, type Links, paths, selfLink } from '../../present/links.ts'
import { Id, Name, readOnly, refTo, strict, Time } from '../../present/schemas.ts'

/** Its own rules are the core's, which say of every fault where it is. */
const EXAMPLE = { order: { type: 'number', min: 1 }, note: { type: 'string', required: false } }
/** Absent where any data will do. */
export const QueueSchema = Type.Unknown({ description: 'a map of property to rule', examples: [EXAMPLE] })
const SentSchema = Type.Unknown({ description: 'a map of property to rule, or null for none', examples: [EXAMPLE] })
const Paused = Type.Boolean({ description: 'messages are stored, and none is delivered until this is false' })

/** What creates a queue. */
export const NewQueue = strict({
  name: Name,
  schema: Type.Optional(SentSchema),
  paused: Type.Optional(Paused),
})

export const QueueChange = strict({
  name: Type.Optional(Name),
  schema: Type.Optional(SentSchema),
  paused: Type.Optional(Paused),
  ...readOnly('id', 'listeners', 'created_at', 'updated_at', 'pending_count'),
})

/** The full form. */
export const Queue = Type.Object(
  {
    id: Id,
    name: Type.String(),
    schema: Type.Optional(QueueSchema),
    listeners: Type.Array(refTo('Listener')),
    created_at: Time,
    updated_at: Time,
    paused: Paused,
    pending_count: Type.Integer({ description: 'deliveries that are neither acknowledged nor missed' }),
  },
  { title: 'Queue' },
)

export function fullQueue(queue: QueueDetails): Static<typeof Queue> {
  return {
    id: queue.id,
    name: queue.name,
    ...(queue.schema !== null && { schema: queue.schema.rules }),
    listeners: queue.listeners,
    created_at: queue.createdAt,
    updated_at: queue.updatedAt,
    paused: queue.paused,
    pending_count: queue.pendingCount,
  }
}

/** A queue with its links: to itself, to its schema where it has one, and to each listener. */
export function presentQueue(
  request: { base: string },
  queue: QueueDetails,
): { queue: Static<typeof Queue>; _links: Links } {
  const { self } = selfLink(request, paths.queue(queue.id))
  const schema = queue.schema && { href: request.base + paths.schema(queue.id, queue.schema.id) }
  const listeners = queue.listeners.map(({ id, name }) => ({ id, name, path: paths.listener(queue.id, id) }))
  return {
    queue: fullQueue(queue),
    _links: entryLinks(request, { self, ...(schema && { schema }) }, listeners),
  }
}

/** How listings of queues show them. */
export const listedQueues = {
  collection: 'queues',
  path: paths.queues,
  entry: ({ id, name }: QueueDetails) => ({ id, name, path: paths.queue(id) }),
  full: fullQueue,
}
