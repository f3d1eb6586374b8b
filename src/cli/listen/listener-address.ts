import type { Context } from '../client/context.ts'

/** Id and path of the listener that is named, in the queue that is. */
export async function listenerAddress({ queueId, inQueue }: Context, queue: string, listener: string) {
  const inThis = await queueId(queue)
  const id = await inQueue(inThis, 'listeners', listener)
  return { id, path: `/queues/${inThis}/listeners/${id}` }
}
