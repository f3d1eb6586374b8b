import { existsSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { MAX_PAIRS } from '../../core/delivery/ledger.ts'
import type { Ledger } from '../../store/ledger.ts'
import { DatabaseRefused } from '../errors.ts'
import { LedgerReader } from '../ledger/ledger-reader.ts'
import { expectUpToDate } from '../migrate.ts'
import { BUSY_MS } from './busy-wait.ts'
import { expectOurs } from './connection.ts'

/** Waits for a message that is not there. What a deleted listener had waiting is swept, and no fault. */
const orphansIn = (table: string) => `
  select d.sequence, d.listener_id as listenerId from ${table} d
   where exists (select 1 from listeners l where l.id = d.listener_id)
     and not exists (select 1 from messages m where m.sequence = d.sequence)
   limit ${MAX_PAIRS}`

/** It is this message's turn, and nothing is to be done for it: the messages behind it wait for ever. */
const STUCK = `
  select h.sequence, h.listener_id as listenerId
    from order_heads h cross join messages m on m.sequence = h.sequence
   where h.blocked = 0 and exists (select 1 from listeners l where l.id = h.listener_id)
     and not exists (select 1 from deliveries d
       where d.listener_id = h.listener_id and d.due_at = m.deliver_at and d.sequence = h.sequence)
     and not exists (select 1 from deliveries d
       where d.sequence = h.sequence and d.moved = 1 and d.listener_id = h.listener_id)
   limit ${MAX_PAIRS}`

/** What the ledger says of a database, over all organizations, and what is wrong beside it. */
export interface Verification {
  ledger: Ledger
  /** One line each. */
  faults: string[]
}

/**
 * Reads the ledger of the database at `path`, whether or not a server has it open, and changes nothing. Throws
 * `DatabaseRefused` with a sentence that says why it cannot.
 */
export async function verifyDatabase(path: string, now: number): Promise<Verification> {
  if (!existsSync(path)) throw new DatabaseRefused(`there is no database at ${path}`)
  let db: DatabaseSync | null = null
  try {
    db = new DatabaseSync(path, { readOnly: true, timeout: BUSY_MS })
    expectOurs(db, path)
    expectUpToDate(db, path)
    const ledger = await new LedgerReader(db).read({ organizationId: null, only: null, since: null, until: null, now })
    return { ledger, faults: faultsOf(db, ledger) }
  } catch (cause) {
    if (cause instanceof DatabaseRefused) throw cause
    throw new DatabaseRefused(`the database ${path} cannot be read: ${(cause as Error).message}`, { cause })
  } finally {
    db?.close()
  }
}

function faultsOf(db: DatabaseSync, ledger: Ledger): string[] {
  const rows = (sql: string) => db.prepare(sql).all() as { sequence: number; listenerId: string }[]
  return [
    ...ledger.unaccounted.map(({ queueId, messageId, listenerId }) => {
      return `queue ${queueId}: message ${messageId} for listener ${listenerId} has neither an end nor a next step`
    }),
    ...['deliveries', 'missed', 'delivery_discards', 'held'].flatMap(orphansOf),
    ...rows(STUCK).map((row) => `${named(row)} has its turn, and nothing is to be done for it`),
  ]

  function orphansOf(table: string): string[] {
    return rows(orphansIn(table)).map((row) => `${named(row)} is in the table ${table}, and the message is gone`)
  }
}

function named({ sequence, listenerId }: { sequence: number; listenerId: string }): string {
  return `listener ${listenerId}: the message with the sequence ${sequence}`
}
