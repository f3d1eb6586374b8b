import type { Command } from 'commander'
import type { Api } from '../client/api-types.ts'
import { bodyLine } from '../client/body.ts'
import { type Context, openContext } from '../client/context.ts'
import { collect, numberOf } from '../client/listener-options.ts'
import { momentMs, momentText } from '../client/moments.ts'
import { noteRouting } from '../client/routing-note.ts'
import { showDone, showList, showOne } from '../client/show.ts'

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
  const messages = program.command('messages').description('list, follow up, redeliver and delete messages')
  messages
    .command('list [queue]', { isDefault: true })
    .description('the newest messages of a queue, or of all queues')
    .option('-n, --limit <n>', 'how many', '20')
    .action(async (queue, options: { limit: string }, command) => {
      const { api, terminal, queueId } = openContext(command)
      const limit = numberOf('--limit', options.limit)!
      const path = queue === undefined ? '/messages' : `/queues/${await queueId(queue)}/messages`
      const entries = await Array.fromAsync(
        first(limit, api.all<Api.Message>(path, 'messages', { per_page: Math.min(100, limit) })),
      )
      showList(terminal, entries, COLUMNS, 'There is no message. Send one: discue send QUEUE DATA')
    })
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
  messages
    .command('delete <queue> <message>')
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

async function* first<Entry>(limit: number, entries: AsyncIterable<Entry>): AsyncGenerator<Entry> {
  let left = limit
  if (left <= 0) return
  for await (const entry of entries) {
    yield entry
    if (--left <= 0) return
  }
}

function cut(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length - 1)}…` : text
}
