import { call } from '../../../api/client.ts'

/** Requests under way at once. */
const AT_ONCE = 6

/**
 * Sends messages to a listener once more, each by a request of its own, a few at a time. Answers how many; throws at the
 * first that is refused, when those before it are on their way already.
 */
export async function redeliverSome(
  { queueId, listenerId }: { queueId: string; listenerId: string },
  messageIds: readonly string[],
): Promise<number> {
  const body = { listener_ids: [listenerId] }
  for (let from = 0; from < messageIds.length; from += AT_ONCE) {
    const some = messageIds.slice(from, from + AT_ONCE)
    await Promise.all(some.map((id) => call('POST', `/queues/${queueId}/messages/${id}/redeliver`, { body })))
  }
  return messageIds.length
}
