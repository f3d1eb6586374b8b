import { type Command, InvalidArgumentError, Option } from 'commander'
import { FAULT_KINDS, type FaultKind } from '../../../torture/plan/plan.ts'
import { createRuntime } from '../../runtime.ts'
import { silent } from '../client/context.ts'
import { Failure, UsageFailure } from '../client/failure.ts'
import { onStop } from '../client/stop-signals.ts'
import { createTerminal } from '../client/terminal.ts'

const MAX_SEED = 2 ** 31

export function addTorture(program: Command): void {
  program
    .command('torture')
    .description('kill servers of its own again and again under load, and judge whether they lost anything')
    .addOption(
      new Option('--store <store>', 'the store of the servers').choices(['sqlite', 'postgres']).default('sqlite'),
    )
    .option('--seed <number>', 'makes the same plan again; else a new one', whole(0, MAX_SEED))
    .option('--faults <number>', 'how many faults a campaign has', whole(0, 10_000), 20)
    .option('--campaigns <number>', 'how many campaigns, each with the next seed', whole(1, 1_000_000), 1)
    .option('--minutes <number>', 'as many campaigns as begin within so many minutes', whole(1, 100_000))
    .option('--nodes <number>', 'servers on one database; 3 on PostgreSQL, else 1', whole(1, 9))
    .addOption(new Option('--only <fault...>', 'these faults alone').choices(FAULT_KINDS))
    .option('--folder <path>', 'where its files go: the disk that is to be tested; else the temporary folder')
    .addHelpText(
      'after',
      `
Starts servers on a database that it makes, and needs none of yours. Posts, batches, orders, pulls, delays, schedules,
pauses, deletions and redeliveries go on while nodes are killed, stopped and started, and are held against a record of
its own. Exits 1 where a promise was broken, with the history of the message. PostgreSQL's programs must be installed
for --store postgres.

Examples:
  discue torture
  discue torture --minutes 60 --folder /var/lib/discue
  discue torture --seed 7 --store postgres`,
    )
    .action(async (given: GivenOptions, command: Command) => {
      const { store, folder = null, minutes = null, only = null, faults, campaigns } = given
      const nodes = given.nodes ?? (store === 'postgres' ? 3 : 1)
      if (store === 'sqlite' && nodes > 1) throw new UsageFailure('on SQLite there is one server: leave --nodes out')
      const { print, note } = createTerminal(command.optsWithGlobals().json === true)
      const seed = given.seed ?? Math.floor(createRuntime(silent).random() * MAX_SEED)
      // Its servers end with it.
      const interrupted = () => process.exit(130)
      using _signals = stopAt(interrupted)
      const { torture } = await import('../../../torture/torture.ts')
      const { violations } = await torture({
        store,
        folder,
        minutes,
        only,
        faults,
        campaigns,
        nodes,
        seed,
        print,
        note,
      })
      if (violations > 0)
        throw new Failure(`${violations} violations; the same plan again: --seed and --faults as above`)
    })
}

interface GivenOptions {
  store: 'sqlite' | 'postgres'
  seed?: number
  faults: number
  campaigns: number
  minutes?: number
  nodes?: number
  only?: FaultKind[]
  folder?: string
}

function stopAt(stop: () => void): Disposable {
  const signals = onStop(createRuntime(silent), { inOrder: stop, now: stop })
  return { [Symbol.dispose]: () => signals.dispose() }
}

function whole(least: number, most: number): (text: string) => number {
  return (text) => {
    const number = /^\d+$/.test(text) ? Number(text) : Number.NaN
    if (number >= least && number <= most) return number
    throw new InvalidArgumentError(`must be a whole number from ${least} to ${most}`)
  }
}
