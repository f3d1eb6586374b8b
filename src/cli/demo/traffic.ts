import { sleep } from '../../runtime.ts'
import type { Api } from '../client/api-types.ts'
import type { Context } from '../client/context.ts'
import { demoMessage } from './demo-queues.ts'
import type { MadeQueue } from './made-queues.ts'

/** How often messages are posted, and how often those that wait for pulls are taken. */
const ROUND_MS = 250
/** Of what is pulled, this share is given back. */
const RETURNED = 0.1

/** Posts to each queue as often as it says, and pulls, until the signal; answers with how many messages it posted. */
export async function runTraffic(context: Context, queues: readonly MadeQueue[], signal: AbortSignal): Promise<number> {
  const [posted] = await Promise.all([
    post(context, queues, signal),
    ...queues.flatMap((queue) => queue.pulling.map((listenerId) => pull(context, queue.id, listenerId, signal))),
  ])
  return posted
}

async function post({ api, runtime }: Context, queues: readonly MadeQueue[], signal: AbortSignal): Promise<number> {
  const startedAt = runtime.elapsedMs()
  const posted = queues.map(() => 0)
  while (!signal.aborted) {
    const seconds = (runtime.elapsedMs() - startedAt) / 1_000
    for (const [at, queue] of queues.entries()) {
      for (; !signal.aborted && posted[at]! < seconds * queue.perSecond; posted[at]! += 1) {
        const body = demoMessage(queue.name, posted[at]! + 1, runtime.random)
        await api.call('POST', `/queues/${queue.id}/messages`, { body })
      }
    }
    await sleep(ROUND_MS, signal)
  }
  return posted.reduce((sum, count) => sum + count, 0)
}

/** Takes a few, acknowledges most, and is slower than what comes in. */
async function pull(
  { api, runtime }: Context,
  queueId: string,
  listenerId: string,
  signal: AbortSignal,
): Promise<void> {
  const path = `/queues/${queueId}/listeners/${listenerId}`
  while (!signal.aborted) {
    const { messages } = await api.call<Api.PullMessagesResult>('POST', `${path}/pull`, { body: { max: 2 } })
    for (const { receipt } of messages) {
      const way = runtime.random() < RETURNED ? 'nack' : 'ack'
      await api.call('POST', `${path}/${way}`, { body: { receipts: [receipt] } })
    }
    await sleep(8 * ROUND_MS, signal)
  }
}
