import type { Command } from 'commander'
import type { Api } from '../client/api-types.ts'
import { askingFirst } from '../client/confirm.ts'
import { type Context, openContext } from '../client/context.ts'
import { givenJson } from '../client/given-text.ts'
import { momentText } from '../client/moments.ts'
import { showDone, showList, showOne } from '../client/show.ts'

const COLUMNS = {
  NAME: (queue: Api.Queue) => queue.name,
  ID: (queue: Api.Queue) => queue.id,
  LISTENERS: (queue: Api.Queue) => queue.listeners.length,
  PENDING: (queue: Api.Queue) => queue.pending_count,
  STATE: (queue: Api.Queue) => (queue.paused ? 'paused' : 'open'),
  CREATED: (queue: Api.Queue) => momentText(queue.created_at),
}

interface QueueOptions {
  name?: string
  schema?: string | false
  paused?: boolean
}

export function addQueues(program: Command): void {
  const queues = program.command('queues').description('list, make, change, pause and delete queues')
  queues
    .command('list', { isDefault: true })
    .description('all queues')
    .action(async (_, command) => {
      const { api, terminal } = openContext(command)
      const entries = await Array.fromAsync(api.all<Api.Queue>('/queues', 'queues'))
      showList(terminal, entries, COLUMNS, 'There is no queue yet. Make one: discue queues create orders')
    })
  queues
    .command('show <queue>')
    .description('one queue')
    .action(async (queue, _, command) => {
      const { api, terminal, queueId } = openContext(command)
      showOne(terminal, (await api.call<Api.QueueEnvelope>('GET', `/queues/${await queueId(queue)}`)).queue)
    })
  queues
    .command('create <name>')
    .description('make a queue')
    .option('--schema <json>', 'what the data of each message must fit: JSON, @file, or - for standard input')
    .option('--paused', 'store messages and deliver none until it is resumed')
    .addHelpText(
      'after',
      `\nExamples:\n  discue queues create orders\n  discue queues create orders --schema @order.json`,
    )
    .action(async (name, options: QueueOptions, command) => {
      const { api, terminal } = openContext(command)
      const body = { ...(await bodyOf(options)), name }
      showOne(terminal, (await api.call<Api.QueueEnvelope>('POST', '/queues', { body })).queue)
    })
  queues
    .command('update <queue>')
    .description('rename a queue, or set or remove its schema')
    .option('--name <name>', 'its new name')
    .option('--schema <json>', 'its new schema: JSON, @file, or - for standard input')
    .option('--no-schema', 'remove its schema')
    .action(async (queue, options: QueueOptions, command) => change(openContext(command), queue, await bodyOf(options)))
  for (const [verb, paused, what] of [
    ['pause', true, 'store its messages and deliver none'],
    ['resume', false, 'deliver again, what was stored meanwhile first'],
  ] as const) {
    queues
      .command(`${verb} <queue>`)
      .description(what)
      .action((queue, _, command) => change(openContext(command), queue, { paused }))
  }
  askingFirst(queues.command('delete <queue>'))
    .description('delete a queue with its listeners, messages and schedules')
    .action(async (queue, _, command) => {
      const { api, terminal, queueId } = openContext(command)
      const id = await queueId(queue)
      showDone(terminal, await api.call('DELETE', `/queues/${id}`), `deleted queue ${id}`)
    })
}

async function bodyOf({ name, schema, paused }: QueueOptions): Promise<object> {
  return {
    name,
    paused,
    schema: typeof schema === 'string' ? await givenJson(schema, 'the schema') : schema === false ? null : undefined,
  }
}

async function change({ api, terminal, queueId }: Context, queue: string, body: object): Promise<void> {
  showOne(terminal, (await api.call<Api.QueueEnvelope>('PATCH', `/queues/${await queueId(queue)}`, { body })).queue)
}
