import type { Message } from '../core/message.ts'
import { Problem } from '../core/problem.ts'
import type { QueueRoute } from '../store/queues.ts'
import type { AppDeps } from './deps.ts'
import type { AnswerFor } from './idempotency.ts'
import { expectIds } from './ids.ts'

type Deps = Pick<AppDeps, 'acceptor' | 'directory' | 'runtime'>

/** A queue that changes this often while one message waits is being changed in a loop. */
const MAX_TRIES = 8

export interface NewMessage {
  name: string | null
  data: string
}

interface Place {
  organizationId: string
  queueId: string
}

export type AcceptedMessage = Omit<Message, 'sequence'>

/**
 * Stores a message with a delivery for each listener of its queue; resolves when it is on disk. Throws the problems
 * `queue_not_found`, `key_running`, `overloaded`, `stopping` and `store_unavailable`, and then nothing was stored.
 */
export async function acceptMessage(
  deps: Deps,
  ask: Place & NewMessage,
  answerFor?: AnswerFor<AcceptedMessage>,
): Promise<AcceptedMessage> {
  const message = made(deps, ask, ask)
  await store(deps, ask, [message], () => answerFor?.(message))
  return message
}

/** Stores many at once, all or none; throws like `acceptMessage`. */
export async function acceptMessages(
  deps: Deps,
  ask: Place & { messages: readonly NewMessage[] },
  answerFor?: AnswerFor<AcceptedMessage[]>,
): Promise<AcceptedMessage[]> {
  const messages = ask.messages.map((message) => made(deps, ask, message))
  await store(deps, ask, messages, () => answerFor?.(messages))
  return messages
}

function made({ runtime }: Deps, { organizationId, queueId }: Place, { name, data }: NewMessage): AcceptedMessage {
  const now = runtime.now()
  return { id: runtime.newId(), organizationId, queueId, name, data, createdAt: now, deliverAt: now }
}

async function store(
  deps: Deps,
  { organizationId, queueId }: Place,
  messages: AcceptedMessage[],
  answer: () => ReturnType<AnswerFor<never>> | undefined,
): Promise<void> {
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const route = deps.directory.peek(organizationId, queueId) ?? (await loadRoute(deps, { organizationId, queueId }))
    const outcome = await deps.acceptor.accept(messages, route, answer())
    if (outcome === 'accepted') return
    if (outcome === 'answered') throw new Problem('key_running')
    deps.directory.forget(organizationId, queueId)
  }
  throw new Problem('overloaded')
}

/** Where a message to this queue would go; throws `queue_not_found`. */
export async function loadRoute(
  deps: Pick<AppDeps, 'directory'>,
  ask: { organizationId: string; queueId: string },
): Promise<QueueRoute> {
  expectIds([ask.queueId], 'queue_not_found')
  const route = await deps.directory.load(ask.organizationId, ask.queueId)
  if (route === null) throw new Problem('queue_not_found')
  return route
}
