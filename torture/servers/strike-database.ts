import type { PostgresServer } from '../../test/support/postgres/postgres-server.ts'
import type { PlannedFault } from '../plan/plan.ts'
import { sleep } from '../run/clock.ts'
import type { DatabaseWire } from './database-wire.ts'
import { administer } from './standby.ts'

/** Longer than a statement may take (10 s). */
const LONG_MS = 12_000
const LONG_SHARE = 0.15

export interface Database {
  primary: PostgresServer
  standby: PostgresServer | null
}

/** What is done to the database, and to a node's way there. Answers false where the fault is of another sort. */
export async function strikeDatabase(
  { primary, standby }: Database,
  wire: DatabaseWire,
  { kind, forMs, chance }: PlannedFault,
): Promise<boolean> {
  const lastsMs = chance < LONG_SHARE ? LONG_MS : forMs
  switch (kind) {
    case 'stall':
      wire.stall()
      await sleep(lastsMs)
      wire.mend({ cut: (chance * 100) % 2 < 1 })
      return true
    case 'half-open':
      wire.halfOpen()
      await sleep(lastsMs)
      wire.mend({ cut: true })
      return true
    case 'reset':
      wire.reset()
      return true
    case 'kill backends':
      await killBackends(primary, chance)
      return true
    case 'restart the database':
      return restart(primary, 'SIGINT', forMs)
    case 'crash the database':
      return restart(primary, 'SIGQUIT', forMs)
    case 'promote':
      await primary.end('SIGKILL')
      await sleep(forMs)
      await administer(standby!, 'select pg_promote()')
      return true
    default:
      return false
  }
}

/** All connections of the nodes, or some of them. */
async function killBackends(primary: PostgresServer, chance: number): Promise<void> {
  const share = chance < 0.4 ? 1 : chance
  await administer(
    primary,
    `select pg_terminate_backend(pid) from pg_stat_activity
      where backend_type = 'client backend' and pid <> pg_backend_pid() and random() < ${share}`,
  )
}

async function restart(primary: PostgresServer, signal: NodeJS.Signals, forMs: number): Promise<true> {
  await primary.end(signal)
  await sleep(forMs / 2)
  await primary.start()
  return true
}
