import type { Command } from 'commander'
import { Option } from 'commander'
import type { Call } from '../client/api-client.ts'
import type { Api } from '../client/api-types.ts'
import { type Context, openContext } from '../client/context.ts'
import { momentMs } from '../client/moments.ts'
import { showDone, showOne } from '../client/show.ts'
import { listenerAddress } from '../listen/listener-address.ts'

const STATUSES = ['pending', 'delivered', 'missed', 'all']

interface RedeliverOptions {
  since?: string
  until?: string
  status?: string
  now?: boolean
  dryRun?: boolean
}

/** `redeliver` and `redelivery`, among the commands of listeners. */
export function addRedeliveries(listeners: Command): void {
  listeners
    .command('redeliver <queue> <listener>')
    .description('deliver many messages again, by when they were accepted and what became of them')
    .option('--since <time>', 'from then on, such as -1h')
    .option('--until <time>', 'up to then')
    .addOption(
      new Option('--status <status>', 'only deliveries that stand like this (missed unless told)').choices(STATUSES),
    )
    .option('--now', 'at once also what is scheduled, or waits for its next attempt')
    .option('--dry-run', 'only count them')
    .addHelpText(
      'after',
      `
Examples:
  discue listeners redeliver orders shop --since -1h --dry-run
  discue listeners redeliver orders shop --since -1h --status all`,
    )
    .action(async (queue, listener, options: RedeliverOptions, command) => {
      const context = openContext(command)
      const { path } = await listenerAddress(context, queue, listener)
      const at = (text?: string) => (text === undefined ? undefined : momentMs(text, context.runtime.now()))
      const which = { since: at(options.since), until: at(options.until), status: options.status }
      if (options.dryRun) return showCount(context, `${path}/redeliver`, which)
      const body = { ...which, now: options.now }
      showOne(
        context.terminal,
        (await context.api.call<Api.RedeliveryEnvelope>('POST', `${path}/redeliver`, { body })).redelivery,
      )
    })
  listeners
    .command('redelivery <queue> <listener> <id>')
    .description('how far such a redelivery is')
    .action(async (queue, listener, id, _, command) => {
      const context = openContext(command)
      const { path } = await listenerAddress(context, queue, listener)
      showOne(
        context.terminal,
        (await context.api.call<Api.RedeliveryEnvelope>('GET', `${path}/redeliveries/${id}`)).redelivery,
      )
    })
}

/** Adds up as many answers as the server needs to look at all of it. */
async function showCount({ api, terminal }: Context, path: string, which: Call['query']): Promise<void> {
  let matched = 0
  for (let cursor: string | null = ''; cursor !== null; ) {
    const query = { ...which, cursor: cursor || undefined }
    const answer: Api.CountRedeliveryResult = await api.call('GET', path, { query })
    matched += answer.count.matched
    const next: string | undefined = answer._links.next?.href
    cursor = next === undefined ? null : new URL(next).searchParams.get('cursor')
  }
  showDone(terminal, { matched }, `${matched} ${matched === 1 ? 'delivery' : 'deliveries'} would be made again`)
}
