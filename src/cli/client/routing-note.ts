import type { Api } from './api-types.ts'
import type { Context } from './context.ts'
import { Failure } from './failure.ts'

/** Says beside the result where a message goes to no listener, or one was deleted before, and which command helps. */
export function noteRouting({ terminal }: Pick<Context, 'terminal'>, queue: string, message: Api.Message): void {
  const next = `add one: discue listeners create ${queue} NAME --to URL; then send it again`
  if (message.status === 'unrouted') terminal.note(`discue: ${queue} had no listener, so none gets this; ${next}`)
  if (message.status === 'discarded') terminal.note(`discue: a listener was deleted before it had this; ${next}`)
}

/**
 * Reads a message that was just accepted, and notes where it goes to no listener. It is on the queue already, so that
 * a read that fails is noted too, and ends nothing.
 */
export async function noteRoutingOf(context: Context, queue: string, path: string): Promise<void> {
  try {
    noteRouting(context, queue, (await context.api.call<Api.MessageEnvelope>('GET', path)).message)
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    context.terminal.note(`discue: it is on the queue, but whether a listener gets it is unknown: ${error.message}`)
  }
}
