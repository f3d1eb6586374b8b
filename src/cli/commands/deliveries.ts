import { type Command, Option } from 'commander'
import type { Call } from '../client/api-client.ts'
import type { Api } from '../client/api-types.ts'
import { type Context, openContext } from '../client/context.ts'
import { first } from '../client/first.ts'
import { numberOf } from '../client/listener-options.ts'
import { momentMs, momentText } from '../client/moments.ts'
import { cut, showList } from '../client/show.ts'
import { listenerAddress } from '../listen/listener-address.ts'

const ATTEMPT_COLUMNS = {
  STARTED: (attempt: Api.ListenerAttempt) => momentText(attempt.started_at),
  MESSAGE: (attempt: Api.ListenerAttempt) => attempt.message.id,
  NAME: (attempt: Api.ListenerAttempt) => attempt.message.name,
  ATTEMPT: (attempt: Api.ListenerAttempt) => attempt.number,
  ANSWER: (attempt: Api.ListenerAttempt) => attempt.status ?? attempt.error,
  TOOK: (attempt: Api.ListenerAttempt) => `${attempt.duration} ms`,
  RESPONSE: (attempt: Api.ListenerAttempt) => cut(attempt.response, 60),
}

const DELIVERY_COLUMNS = {
  ACCEPTED: (delivery: Api.ListenerDelivery) => momentText(delivery.accepted_at),
  MESSAGE: (delivery: Api.ListenerDelivery) => delivery.message.id,
  NAME: (delivery: Api.ListenerDelivery) => delivery.message.name,
  ATTEMPTS: (delivery: Api.ListenerDelivery) => delivery.attempts,
  'WAITS FOR': (delivery: Api.ListenerDelivery) => delivery.waits_for,
  NEXT: (delivery: Api.ListenerDelivery) => momentText(delivery.next_attempt_at),
  WHY: (delivery: Api.ListenerDelivery) => whyOf(delivery),
}

interface AttemptOptions {
  outcome?: string
  status?: string
  error?: string
  since?: string
  until?: string
  limit: string
}

/** What was tried for a listener, and what waits for it. */
export function addDeliveries(program: Command): void {
  program
    .command('attempts <queue> <listener>')
    .description('what was tried to deliver to a listener, the latest first')
    .addOption(new Option('--outcome <outcome>', 'only those that went well, or did not').choices(['ok', 'failed']))
    .option('--status <status>', 'only answers of this status, or class of them, such as 503 or 5xx')
    .option('--error <error>', 'only those that ended like this, such as timeout')
    .option('--since <time>', 'begun from then on, such as -1h')
    .option('--until <time>', 'begun up to then')
    .option('-n, --limit <n>', 'how many', '20')
    .addHelpText(
      'after',
      `
Examples:
  discue attempts orders shop --outcome failed
  discue attempts orders shop --status 5xx --since -1h`,
    )
    .action(async (queue, listener, { limit, since, until, ...filters }: AttemptOptions, command) => {
      const context = openContext(command)
      const at = (text?: string) => (text === undefined ? undefined : momentMs(text, context.runtime.now()))
      const query = { ...filters, since: at(since), until: at(until) }
      const entries = await listed<Api.ListenerAttempt>(context, { queue, listener, what: 'attempts', limit, query })
      showList(context.terminal, entries, ATTEMPT_COLUMNS, 'There is no such attempt.')
    })
  program
    .command('deliveries <queue> <listener>')
    .description('what waits for a listener, and for what; or what it missed or was delivered')
    .addOption(
      new Option('--status <status>', 'which (pending unless told)').choices(['pending', 'missed', 'delivered']),
    )
    .option('-n, --limit <n>', 'how many', '20')
    .addHelpText(
      'after',
      `
Examples:
  discue deliveries orders shop
  discue deliveries orders shop --status missed`,
    )
    .action(async (queue, listener, { limit, status }: { limit: string; status?: string }, command) => {
      const context = openContext(command)
      const ask = { queue, listener, what: 'deliveries', limit, query: { status } }
      const entries = await listed<Api.ListenerDelivery>(context, ask)
      showList(context.terminal, entries, DELIVERY_COLUMNS, 'There is no such delivery.')
    })
}

async function listed<Entry>(
  context: Context,
  ask: { queue: string; listener: string; what: string; limit: string; query: Call['query'] },
): Promise<Entry[]> {
  const limit = numberOf('--limit', ask.limit)!
  const { path } = await listenerAddress(context, ask.queue, ask.listener)
  const query = { ...ask.query, per_page: Math.min(100, Math.max(1, limit)) }
  return Array.fromAsync(first(limit, context.api.all<Entry>(`${path}/${ask.what}`, ask.what, query)))
}

/** What came of the last attempt, or what it waits behind. */
function whyOf({ behind, reason, last_attempt: last }: Api.ListenerDelivery): string | undefined {
  if (behind !== undefined) return `behind ${behind.message_id}${behind.missed ? ', which was missed' : ''}`
  const answer = last?.status ?? last?.error
  return [reason, answer].filter((part) => part !== undefined).join(', ')
}
