import type { Command } from 'commander'
import type { Api } from '../client/api-types.ts'
import { openContext } from '../client/context.ts'
import { Failure } from '../client/failure.ts'
import { momentMs } from '../client/moments.ts'
import { showList } from '../client/show.ts'

const COLUMNS = {
  QUEUE: (row: Row) => row.queue,
  LISTENER: (row: Row) => row.listener,
  ACCEPTED: (row: Row) => row.accepted,
  DELIVERED: (row: Row) => row.delivered,
  PENDING: (row: Row) => row.pending,
  SCHEDULED: (row: Row) => row.scheduled,
  MISSED: (row: Row) => row.missed,
  DISCARDED: ({ discarded }: Row) =>
    discarded.deleted + discarded.listener_deleted + discarded.retention + discarded.expired,
  UNACCOUNTED: (row: Row) => row.unaccounted,
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
      const { ledger } = await api.call<Api.GetLedgerResult>('GET', '/ledger', { query, timeoutMs: 300_000 })
      if (terminal.json) terminal.print(JSON.stringify(ledger, null, 2))
      else showList(terminal, rowsOf(ledger), COLUMNS, 'Nothing was accepted.')
      if (ledger.unaccounted > 0)
        throw new Failure(`the ledger does not balance: ${ledger.unaccounted} unaccounted for`)
    })
}

/** Of one listener, or of all that there is. */
type Row = Omit<Api.ListenerLedger, 'id' | 'name'> & { queue: string; listener: string }

function rowsOf(ledger: Api.Ledger): Row[] {
  const rows = ledger.queues.flatMap((queue) =>
    queue.listeners.map((listener) => ({ ...listener, queue: queue.name, listener: listener.name })),
  )
  return rows.length === 0 ? [] : [...rows, { ...ledger, queue: 'in all', listener: '' }]
}
