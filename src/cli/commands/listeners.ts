import type { Command } from 'commander'
import { type ApiClient, Refused } from '../client/api-client.ts'
import type { Api } from '../client/api-types.ts'
import { askingFirst } from '../client/confirm.ts'
import { type Context, openContext } from '../client/context.ts'
import { Failure } from '../client/failure.ts'
import { addListenerOptions, type ListenerOptions, listenerBody } from '../client/listener-options.ts'
import { momentText } from '../client/moments.ts'
import { showDone, showList, showOne } from '../client/show.ts'
import { listenerAddress } from '../listen/listener-address.ts'
import { addRedeliveries } from './redeliveries.ts'

const COLUMNS = {
  NAME: (listener: Api.Listener) => listener.name,
  ID: (listener: Api.Listener) => listener.id,
  TO: (listener: Api.Listener) => listener.notify_url ?? '(pull)',
  STATUS: (listener: Api.Listener) => (listener.awaits_verification ? 'unverified' : listener.status),
  LIVENESS: (listener: Api.Listener) => listener.liveness.state,
  PENDING: (listener: Api.Listener) => listener.messages.pending_count,
  ACKNOWLEDGED: (listener: Api.Listener) => listener.messages.acknowledged_count,
  MISSED: (listener: Api.Listener) => listener.messages.missed_count,
  'LAST SUCCESS': (listener: Api.Listener) => momentText(listener.messages.last_success_at),
}

export function addListeners(program: Command): void {
  const listeners = program.command('listeners').description('list, make, change, check and delete listeners')
  addReading(listeners)
  addChanging(listeners)
  addCaring(listeners)
  addRedeliveries(listeners)
}

function addReading(listeners: Command): void {
  listeners
    .command('list [queue]', { isDefault: true })
    .description('the listeners of a queue, or of all queues')
    .action(async (queue, _, command) => {
      const { api, terminal, queueId } = openContext(command)
      const path = queue === undefined ? '/listeners' : `/queues/${await queueId(queue)}/listeners`
      const entries = await Array.fromAsync(api.all<Api.Listener>(path, 'listeners'))
      const empty = 'There is no listener yet. Add one: discue listeners create QUEUE NAME --to URL'
      const isTable = queue === undefined && !terminal.json && entries.length > 0
      showList(terminal, entries, isTable ? { ...(await queueColumn(api)), ...COLUMNS } : COLUMNS, empty)
    })
  listeners
    .command('show <queue> <listener>')
    .description('one listener')
    .action(async (queue, listener, _, command) => {
      const context = openContext(command)
      const { path } = await listenerAddress(context, queue, listener)
      const shown = (await context.api.call<Api.ListenerEnvelope>('GET', path)).listener
      showOne(context.terminal, shown)
      if (shown.awaits_verification) {
        context.terminal.note(
          'discue: nothing is sent to it until its domain is verified: discue domains, then discue domains verify DOMAIN',
        )
      }
    })
}

/** The name of each listener's queue, for a listing over all of them. */
async function queueColumn(api: ApiClient) {
  const names = new Map<string, string>()
  try {
    for await (const queue of api.all<Api.Queue>('/queues', 'queues')) {
      for (const { id } of queue.listeners) names.set(id, queue.name)
    }
  } catch (error) {
    // A key for listeners alone sees no queues, and its listing none of their names.
    if (error instanceof Refused && error.status === 403) return {}
    throw error
  }
  return { QUEUE: (listener: Api.Listener) => names.get(listener.id) }
}

function addChanging(listeners: Command): void {
  addListenerOptions(listeners.command('create <queue> <name>'))
    .description('add a listener; its signing secret is shown this once')
    .addHelpText(
      'after',
      `
Examples:
  discue listeners create orders shop --to https://shop.example.com/hook
  discue listeners create orders shop --to http://127.0.0.1:4000 --attempts 5 --initial-delay 2s --rate 100/1m`,
    )
    .action(async (queue, name, options: ListenerOptions, command) => {
      const { api, terminal, queueId } = openContext(command)
      const body = { ...(await listenerBody(options)), name }
      showOne(
        terminal,
        (await api.call<Api.CreateListenerResult>('POST', `/queues/${await queueId(queue)}/listeners`, { body }))
          .listener,
      )
      terminal.note('Keep the secret: it verifies the signatures, and is not shown again.')
    })
  addListenerOptions(listeners.command('update <queue> <listener>'))
    .description('change a listener; what is not given stays as it is')
    .option('--name <name>', 'its new name')
    .action(async (queue, listener, options: ListenerOptions, command) =>
      change(openContext(command), queue, listener, await listenerBody(options)),
    )
  for (const [verb, body, what] of [
    ['enable', { status: 'enabled' }, 'deliver again, what waited first'],
    ['disable', { status: 'disabled' }, 'deliver nothing; messages wait for it'],
    [
      'rotate-secret',
      { secret: 'rotate' },
      'make a new signing secret, shown this once; the old one signs on for 24 h',
    ],
  ] as const) {
    listeners
      .command(`${verb} <queue> <listener>`)
      .description(what)
      .action((queue, listener, _, command) => change(openContext(command), queue, listener, body))
  }
  askingFirst(listeners.command('delete <queue> <listener>'))
    .description('delete a listener and what is pending for it')
    .action(async (queue, listener, _, command) => {
      const context = openContext(command)
      const { path, id } = await listenerAddress(context, queue, listener)
      showDone(context.terminal, await context.api.call('DELETE', path), `deleted listener ${id}`)
    })
}

const CHANGE_COLUMNS = {
  AT: (change: Api.LivenessChange) => momentText(change.at),
  FROM: (change: Api.LivenessChange) => change.from,
  STATE: (change: Api.LivenessChange) => change.state,
  WHY: (change: Api.LivenessChange) => change.message,
}

function addCaring(listeners: Command): void {
  listeners
    .command('liveness <queue> <listener>')
    .description('what it became and when, the latest first')
    .action(async (queue, listener, _, command) => {
      const context = openContext(command)
      const { path } = await listenerAddress(context, queue, listener)
      const changes = await Array.fromAsync(context.api.all<Api.LivenessChange>(`${path}/liveness`, 'changes'))
      showList(context.terminal, changes, CHANGE_COLUMNS, 'Nothing is known to have changed.')
    })
  listeners
    .command('check <queue> <listener>')
    .description('resolve, connect to and test the listener with a signed test message')
    .action(async (queue, listener, _, command) => {
      const context = openContext(command)
      const { path } = await listenerAddress(context, queue, listener)
      const ask = { body: {}, timeoutMs: 330_000 }
      const { check } = await context.api.call<Api.CheckListenerResult>('POST', `${path}/check`, ask)
      showOne(context.terminal, check)
      // What came of it was shown.
      if (!check.passed) throw new Failure('')
    })
}

async function change(context: Context, queue: string, listener: string, body: object): Promise<void> {
  const { path } = await listenerAddress(context, queue, listener)
  showOne(context.terminal, (await context.api.call<Api.ListenerWithSecretEnvelope>('PATCH', path, { body })).listener)
}
