import type { Api } from '../client/api-types.ts'
import type { Context } from '../client/context.ts'
import { Failure } from '../client/failure.ts'
import { DEMO_QUEUES, type DemoQueue } from './demo-queues.ts'
import type { Receivers } from './receivers.ts'

/** A queue of the demo that is there. */
export interface MadeQueue {
  id: string
  name: string
  perSecond: number
  /** Ids of its listeners that pull. */
  pulling: string[]
}

/** Throws `Failure` where the server has queues of the demo already, of a run that was cut off. */
export async function expectNoDemo({ api }: Context): Promise<void> {
  const names = new Set(DEMO_QUEUES.map(({ name }) => name))
  for await (const { name } of api.all<Api.Queue>('/queues', 'queues')) {
    if (!names.has(name)) continue
    throw new Failure(
      `the queue ${name} is there already; end the other demo, or delete it: discue queues delete ${name}`,
    )
  }
}

/** Makes one queue with all that is in it; what was made is told as soon as it is there. */
export async function makeQueue(
  { api }: Context,
  receivers: Receivers,
  { name, listeners, schedules = [], change, perSecond }: DemoQueue,
  made: (queue: MadeQueue) => void,
): Promise<void> {
  const { queue } = await api.call<Api.QueueEnvelope>('POST', '/queues', { body: { name } })
  const pulling: string[] = []
  made({ id: queue.id, name, perSecond, pulling })
  const path = `/queues/${queue.id}`
  for (const { name, manner, settings } of listeners) {
    const url = manner === null ? {} : { notify_url: receivers.urlOf(manner) }
    const body = { name, ...url, ...settings }
    const { listener } = await api.call<Api.CreateListenerResult>('POST', `${path}/listeners`, { body })
    if (manner === null) pulling.push(listener.id)
  }
  for (const body of schedules) await api.call('POST', `${path}/schedules`, { body })
  if (change !== undefined) await api.call('PUT', path, { body: change })
}

/** Deletes what was made; says what is left where the server does not take it. */
export async function removeQueues({ api, terminal }: Context, queues: readonly MadeQueue[]): Promise<boolean> {
  let isClean = true
  for (const { id, name } of queues) {
    await api.call('DELETE', `/queues/${id}`).catch((error: unknown) => {
      isClean = false
      terminal.note(`discue: the queue ${name} is left: ${(error as Error).message}`)
    })
  }
  return isClean
}
