import type { Command } from 'commander'
import type { Json } from '../client/api-client.ts'
import { openContext } from '../client/context.ts'
import { Failure } from '../client/failure.ts'
import { momentMs } from '../client/moments.ts'
import { showList } from '../client/show.ts'

const COLUMNS = {
  QUEUE: (row: Json) => row.queue,
  LISTENER: (row: Json) => row.listener,
  ACCEPTED: (row: Json) => row.accepted,
  DELIVERED: (row: Json) => row.delivered,
  PENDING: (row: Json) => row.pending,
  SCHEDULED: (row: Json) => row.scheduled,
  MISSED: (row: Json) => row.missed,
  DISCARDED: ({ discarded }: Json) => discarded.deleted + discarded.listener_deleted + discarded.expired,
  UNACCOUNTED: (row: Json) => row.unaccounted,
}

export function addLedger(program: Command): void {
  program
    .command('ledger')
    .description('the ledger as the server tells it: what was accepted, and what became of it')
    .option('--since <time>', 'of messages that were accepted from then on, such as -1h')
    .option('--until <time>', 'of messages that were accepted before then')
    .addHelpText(
      'after',
      `
Counts deliveries, one for each message and listener. Exits 1 where any has neither an end nor a next step.

Examples:
  discue ledger
  discue ledger --since -24h --json | jq .unaccounted`,
    )
    .action(async (options: { since?: string; until?: string }, command) => {
      const { api, terminal, runtime } = openContext(command)
      const at = (text?: string) => (text === undefined ? undefined : momentMs(text, runtime.now()))
      const query = { since: at(options.since), until: at(options.until) }
      // Computed from what is stored, which takes its time where there is much.
      const { ledger } = await api.call('GET', '/ledger', { query, timeoutMs: 300_000 })
      if (terminal.json) terminal.print(JSON.stringify(ledger, null, 2))
      else showList(terminal, rowsOf(ledger), COLUMNS, 'Nothing was accepted.')
      if (ledger.unaccounted > 0)
        throw new Failure(`the ledger does not balance: ${ledger.unaccounted} unaccounted for`)
    })
}

function rowsOf(ledger: Json): Json[] {
  const rows = ledger.queues.flatMap((queue: Json) =>
    queue.listeners.map((listener: Json) => ({ ...listener, queue: queue.name, listener: listener.name })),
  )
  return rows.length === 0 ? [] : [...rows, { ...ledger, queue: 'in all', listener: '' }]
}
