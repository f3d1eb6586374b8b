import { type Command, Option } from 'commander'
import { sleep } from '../../runtime.ts'
import type { Api } from '../client/api-types.ts'
import { askingFirst } from '../client/confirm.ts'
import { type Context, openContext } from '../client/context.ts'
import { momentMs } from '../client/moments.ts'
import { showDone, showOne } from '../client/show.ts'

const STATUSES = ['pending', 'scheduled', 'missed']
const LOOK_AGAIN_MS = 500

interface DiscardOptions {
  status?: string
  listener?: string
  since?: string
  until?: string
  contains?: string
  dryRun?: boolean
  wait?: boolean
}

/** `discard` and `discarded`, among the commands of messages. */
export function addDiscards(messages: Command): void {
  askingFirst(messages.command('discard <queue>'))
    .description('discard deliveries of many messages, which are then never sent')
    .addOption(
      new Option(
        '--status <status>',
        'only deliveries that stand like this (all that are not delivered, unless told)',
      ).choices(STATUSES),
    )
    .option('--listener <listener>', 'only to this listener')
    .option('--since <time>', 'of messages accepted from then on, such as -1h')
    .option('--until <time>', 'of messages accepted before then')
    .option('--contains <text>', 'of messages with exactly this text in their data')
    .option('--dry-run', 'only count them')
    .option('--wait', 'until all are discarded')
    .addHelpText(
      'after',
      `
Examples:
  discue messages discard orders --status missed --until -7d --dry-run
  discue messages discard orders --listener shop --contains '"customer":"17"' --yes --wait`,
    )
    .action(async (queue, options: DiscardOptions, command) => {
      const context = openContext(command)
      const queueId = await context.queueId(queue)
      const body = await bodyOf(context, queueId, options)
      const path = `/queues/${queueId}/messages/discard`
      const { discard } = await context.api.call<Api.DiscardEnvelope>('POST', path, { body })
      if (options.dryRun) return showCount(context, discard)
      showOne(context.terminal, options.wait ? await ended(context, `/queues/${queueId}`, discard) : discard)
    })
  messages
    .command('discarded <queue> <id>')
    .description('how far such a discard is')
    .action(async (queue, id, _, command) => {
      const context = openContext(command)
      const path = `/queues/${await context.queueId(queue)}/discards/${id}`
      showOne(context.terminal, (await context.api.call<Api.DiscardEnvelope>('GET', path)).discard)
    })
}

async function bodyOf(context: Context, queueId: string, options: DiscardOptions) {
  const { status, listener, contains, dryRun } = options
  const at = (text?: string) => (text === undefined ? undefined : momentMs(text, context.runtime.now()))
  const listenerId = listener === undefined ? undefined : await context.inQueue(queueId, 'listeners', listener)
  const times = { since: at(options.since), until: at(options.until) }
  return { status, listener_id: listenerId, contains, ...times, dry_run: dryRun }
}

function showCount({ terminal }: Context, { matched, done }: Api.Discard): void {
  const count = `${done ? '' : 'at least '}${matched} ${matched === 1 ? 'delivery' : 'deliveries'}`
  showDone(terminal, { matched, done }, `${count} would be discarded`)
}

/** What is on its way is let finish, which is what this may wait for. */
async function ended({ api }: Context, queuePath: string, begun: Api.Discard): Promise<Api.Discard> {
  let discard = begun
  while (!discard.done) {
    await sleep(LOOK_AGAIN_MS)
    discard = (await api.call<Api.DiscardEnvelope>('GET', `${queuePath}/discards/${begun.id}`)).discard
  }
  return discard
}
