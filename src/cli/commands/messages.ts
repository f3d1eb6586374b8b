import { type Command, Option } from 'commander'
import type { Call } from '../client/api-client.ts'
import type { Api } from '../client/api-types.ts'
import { bodyLine } from '../client/body.ts'
import { askingFirst } from '../client/confirm.ts'
import { type Context, openContext } from '../client/context.ts'
import { UsageFailure } from '../client/failure.ts'
import { first } from '../client/first.ts'
import { collect, numberOf } from '../client/listener-options.ts'
import { momentMs, momentText } from '../client/moments.ts'
import { noteRouting } from '../client/routing-note.ts'
import { cut, showDone, showList, showOne } from '../client/show.ts'
import { addDiscards } from './discards.ts'

const STATUSES = ['scheduled', 'pending', 'delivered', 'missed', 'expired', 'discarded', 'unrouted']
const DELIVERY_STATUSES = ['pending', 'delivered', 'missed', 'expired', 'discarded']

const COLUMNS = {
  ID: (message: Api.Message) => message.id,
  NAME: (message: Api.Message) => message.name,
  STATUS: (message: Api.Message) => message.status,
  CREATED: (message: Api.Message) => momentText(message.created_at),
  ATTEMPTS: (message: Api.Message) => message.deliveries.reduce((sum, { attempts }) => sum + attempts, 0),
  DATA: (message: Api.Message) => cut(bodyLine(message), 60),
}

const ATTEMPT_COLUMNS = {
  STARTED: (attempt: Api.Attempt) => momentText(attempt.started_at),
  LISTENER: (attempt: Api.Attempt) => attempt.listener_id,
  ATTEMPT: (attempt: Api.Attempt) => attempt.number,
  ANSWER: (attempt: Api.Attempt) => attempt.status ?? attempt.error,
  TOOK: (attempt: Api.Attempt) => `${attempt.duration} ms`,
  RESPONSE: (attempt: Api.Attempt) => cut(attempt.response, 60),
}

export function addMessages(program: Command): void {
  const messages = program.command('messages').description('list, follow up, redeliver, discard and delete messages')
  addListing(messages)
  messages
    .command('show <queue> <message>')
    .description('one message, with how each listener stands with it')
    .action(async (queue, message, _, command) => {
      const context = openContext(command)
      const { path } = await addressOf(context, queue, message)
      const shown = (await context.api.call<Api.MessageEnvelope>('GET', path)).message
      showOne(context.terminal, shown)
      noteRouting(context, queue, shown)
    })
  messages
    .command('attempts <queue> <message>')
    .description('each attempt to deliver it, and what came back')
    .action(async (queue, message, _, command) => {
      const context = openContext(command)
      const { path } = await addressOf(context, queue, message)
      const entries = await Array.fromAsync(context.api.all<Api.Attempt>(`${path}/attempts`, 'attempts'))
      showList(context.terminal, entries, ATTEMPT_COLUMNS, 'It has not been sent to anybody yet.')
    })
  addChanging(messages)
}

interface ListOptions {
  limit: string
  name?: string
  key?: string
  status?: string
  listener?: string
  deliveryStatus?: string
  contains?: string
  data?: string[]
  since?: string
  until?: string
}

function addListing(messages: Command): void {
  messages
    .command('list [queue]', { isDefault: true })
    .description('the newest messages of a queue, or of all queues; with filters, those that fit all of them')
    .option('--name <name>', 'of this name')
    .option('--key <key>', 'with this key')
    .addOption(new Option('--status <status>', 'that stand like this').choices(STATUSES))
    .option('--listener <listener>', 'accepted for this listener of the queue')
    .addOption(
      new Option(
        '--delivery-status <status>',
        'of which a delivery, to --listener where it is given, stands like this',
      ).choices(DELIVERY_STATUSES),
    )
    .option('--contains <text>', 'with this text in their data')
    .option('--data <path=value>', 'with this value in their data, such as order.id=17; repeat it for more', collect)
    .option('--since <time>', 'accepted from then on, such as -1h')
    .option('--until <time>', 'accepted up to then')
    .option('-n, --limit <n>', 'how many', '20')
    .addHelpText(
      'after',
      `
Examples:
  discue messages list orders --status missed --since -1h
  discue messages list orders --listener shop --delivery-status missed
  discue messages list --contains customer-17 --data order.state=open`,
    )
    .action(async (queue: string | undefined, options: ListOptions, command) => {
      const context = openContext(command)
      const { api, terminal, queueId } = context
      const limit = numberOf('--limit', options.limit)!
      const inThis = queue === undefined ? null : await queueId(queue)
      const filters = await filtersOf(context, options, inThis)
      const path = inThis === null ? '/messages' : `/queues/${inThis}/messages`
      const query = { ...filters, per_page: Math.min(100, Math.max(1, limit)) }
      const entries = await Array.fromAsync(first(limit, api.all<Api.Message>(path, 'messages', query)))
      const isSearch = Object.values(filters).some((value) => value !== undefined)
      const empty = isSearch ? 'No message fits.' : 'There is no message. Send one: discue send QUEUE DATA'
      showList(terminal, entries, COLUMNS, empty)
    })
}

/** The filters as the API takes them. Throws `UsageFailure`. */
async function filtersOf(
  context: Context,
  options: ListOptions,
  queueId: string | null,
): Promise<NonNullable<Call['query']>> {
  const { name, key, status, listener, deliveryStatus, contains, data = [] } = options
  const at = (text?: string) => (text === undefined ? undefined : momentMs(text, context.runtime.now()))
  const values = data.map((condition): [string, string] => {
    const equals = condition.indexOf('=')
    if (equals < 1) throw new UsageFailure(`"${condition}" is no condition; write --data order.id=17`)
    return [`data.${condition.slice(0, equals)}`, condition.slice(equals + 1)]
  })
  if (listener !== undefined && queueId === null) throw new UsageFailure('--listener needs the queue that it is of')
  const listenerId = listener === undefined ? undefined : await context.inQueue(queueId!, 'listeners', listener)
  const deliveries = { listener_id: listenerId, delivery_status: deliveryStatus }
  const times = { since: at(options.since), until: at(options.until) }
  return { name, key, status, ...deliveries, contains, ...Object.fromEntries(values), ...times }
}

function addChanging(messages: Command): void {
  messages
    .command('update <queue> <message>')
    .description('rename a message, or move one that has not started')
    .option('--name <name>', 'its new name')
    .option('--deliver-at <time>', 'its new time, such as +10m or 2026-01-31T09:00:00Z')
    .action(async (queue, message, options: { name?: string; deliverAt?: string }, command) => {
      const context = openContext(command)
      const { path } = await addressOf(context, queue, message)
      const { name, deliverAt } = options
      const body = { name, deliver_at: deliverAt && momentMs(deliverAt, context.runtime.now()) }
      showOne(context.terminal, (await context.api.call<Api.MessageEnvelope>('PATCH', path, { body })).message)
    })
  messages
    .command('redeliver <queue> <message>')
    .description('deliver it again, with all its retries')
    .option('--listener <listener>', 'only to this one; repeat it for more', collect)
    .option('--now', 'at once also where it is scheduled, or waits for its next attempt')
    .action(async (queue, message, options: { listener?: string[]; now?: boolean }, command) => {
      const context = openContext(command)
      const { path, inThis, id } = await addressOf(context, queue, message)
      const ids = options.listener?.map((listener) => context.inQueue(inThis, 'listeners', listener))
      const body = { listener_ids: ids && (await Promise.all(ids)), now: options.now }
      showDone(context.terminal, await context.api.call('POST', `${path}/redeliver`, { body }), `redelivering ${id}`)
    })
  addDiscards(messages)
  askingFirst(messages.command('delete <queue> <message>'))
    .description('delete a message and cancel what is pending of it')
    .action(async (queue, message, _, command) => {
      const context = openContext(command)
      const { path, id } = await addressOf(context, queue, message)
      showDone(context.terminal, await context.api.call('DELETE', path), `deleted message ${id}`)
    })
}

async function addressOf({ queueId, inQueue }: Context, queue: string, message: string) {
  const inThis = await queueId(queue)
  const id = await inQueue(inThis, 'messages', message)
  return { inThis, id, path: `/queues/${inThis}/messages/${id}` }
}
