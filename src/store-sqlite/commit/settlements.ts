import type { DatabaseSync } from 'node:sqlite'
import {
  countSettlement,
  endOf,
  judgedChange,
  latencyOf,
  type RowChange,
  restartedChange,
} from '../../core/delivery/settlement.ts'
import type { Settlement, SettleResult } from '../../store/commit/batch.ts'
import { INSERT_RUN } from '../deliveries/delivery-rows.ts'
import type { LeasedMessage } from '../deliveries/leases.ts'
import type { Changes, Shared } from './parts.ts'

const INSERT_ATTEMPT = `
  insert into attempts (sequence, listener_id, number, started_at, duration_ms, status, error, response)
  values (?, ?, ?, ?, ?, ?, ?, ?)`

/** As a `RowChange` says. */
const OF_RUN = `
  where listener_id = :listenerId and due_at = :dueAt and sequence = :sequence
    and (:ofRun is null or attempts_before = :ofRun)`
const END = `delete from deliveries ${OF_RUN}`
const MOVE = `
  update deliveries set due_at = :nextDueAt, attempts = :attempts, attempts_before = :attemptsBefore,
         first_sent_at = :firstSentAt, moved = 1, pulled_at = null ${OF_RUN}`

/** What the listener wants when its settlement is written is what counts. */
const BLOCKS = `select 1 from listeners where id = ? and settings ->> '$.onMissed' = 'block'`

const INSERT_MISSED = `insert into missed (sequence, listener_id, at, reason) values (?, ?, ?, ?)`

/** The node that settles, when, and the sums that settlements are added to. */
interface By {
  node: string
  now: number
  /** Of all settlements of a delivery in one transaction, the first counts. */
  transaction: number
  changes: Changes
}

/** What becomes of the row of a pending delivery. */
type Moved = 'as judged' | 'anew' | 'gone'

/** The part of a transaction that writes what came of deliveries. */
export interface Settling {
  /** Of a delivery that its settler holds. */
  write(message: LeasedMessage, it: Settlement, now: number, changes: Changes): SettleResult
  /** Of a delivery that was sent, where this is its lease. */
  settle(it: Settlement, by: By): SettleResult
}

export function createSettling(db: DatabaseSync, { leases, orders, touched }: Shared): Settling {
  const [insertAttempt, insertMissed] = [db.prepare(INSERT_ATTEMPT), db.prepare(INSERT_MISSED)]
  const [end, moveRow, beginRow] = [db.prepare(END), db.prepare(MOVE), db.prepare(INSERT_RUN)]

  const blocks = db.prepare(BLOCKS)

  /**
   * The message whose turn it is in the order after a delivery that has come to its end; null where no message waits
   * for that.
   */
  function nextInOrder({ delivery: { listenerId, sequence }, next }: Settlement, now: number): number | null {
    if (!orders.knows(listenerId)) return null
    if (next.state === 'acknowledged' || blocks.get(listenerId) === undefined) {
      return orders.leave(listenerId, sequence, now)
    }
    orders.block(listenerId, sequence)
    return null
  }

  /** Whether the row was there, and of the run that it must be of. */
  function change({ delivery, attempt }: Settlement, { ofRun, row }: RowChange): boolean {
    const { listenerId, dueAt, sequence } = delivery
    const of = { listenerId, dueAt, sequence, ofRun }
    if (row === null) return end.run(of).changes === 1
    const firstSentAt = delivery.firstSentAt ?? attempt.startedAt
    const { dueAt: nextDueAt, attempts, attemptsBefore } = row
    return moveRow.run({ ...of, nextDueAt, attempts, attemptsBefore, firstSentAt }).changes === 1
  }

  function move(it: Settlement, now: number): Moved {
    const judged = judgedChange(it.delivery.attemptsBefore, it)
    if (change(it, judged)) return 'as judged'
    return judged.ofRun !== null && change(it, restartedChange(it, now)) ? 'anew' : 'gone'
  }

  /** No other call has seen it, so that nothing can have become of it meanwhile. */
  function moveRowless(it: Settlement): void {
    const { row } = judgedChange(0, it)
    if (row === null) return
    const { listenerId, sequence, firstSentAt } = it.delivery
    const { dueAt, attempts, attemptsBefore } = row
    beginRow.run(listenerId, dueAt, sequence, attempts, attemptsBefore, firstSentAt ?? it.attempt.startedAt, 1)
  }

  function write(message: LeasedMessage, it: Settlement, now: number, changes: Changes): SettleResult {
    const moved = move(it, now)
    return moved === 'gone' ? 'lost' : writeAttempt(message, it, moved, { now, changes })
  }

  function writeAttempt(
    message: LeasedMessage,
    it: Settlement,
    moved: 'as judged' | 'anew',
    { now, changes: { counters, usage } }: Pick<By, 'now' | 'changes'>,
  ): SettleResult {
    const { delivery, attempt, next } = it
    const { listenerId, sequence } = delivery
    const { number, startedAt, durationMs, status, error, response } = attempt
    insertAttempt.run(sequence, listenerId, number, startedAt, durationMs, status, error, response)
    touched.mark(sequence)
    countSettlement(counters.of(listenerId), it, moved === 'anew')
    usage.published(message, listenerId, latencyOf(attempt, message.deliverAt))
    if (moved === 'anew') return { nextDueAt: now }
    if (next.state === 'pending') return 'settled'
    if (next.state === 'missed') insertMissed.run(sequence, listenerId, endOf(attempt), next.reason)
    const nextDueAt = nextInOrder(it, now)
    return nextDueAt === null ? 'settled' : { nextDueAt }
  }

  return {
    write,
    settle(it, { node, now, transaction, changes }) {
      const { listenerId, sequence, lease } = it.delivery
      const held = leases.settle(node, listenerId, sequence, lease, transaction)
      if (held === null) return 'lost'
      if (!held.rowless) return write(held.message, it, now, changes)
      moveRowless(it)
      return writeAttempt(held.message, it, 'as judged', { now, changes })
    },
  }
}
