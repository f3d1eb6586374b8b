import { call } from './client.ts'
import type { LinkMap } from './types.ts'

/** The queue of a message. Throws an `ApiError` of 404 where no queue has it. */
export async function queueOf(messageId: string): Promise<string> {
  const { _links } = await call<{ _links: LinkMap }>('GET', `/messages/${encodeURIComponent(messageId)}`)
  return /\/queues\/(\w+)\//.exec(_links.self!.href)![1]!
}
