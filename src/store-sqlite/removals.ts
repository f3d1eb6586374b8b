import type { DatabaseSync } from 'node:sqlite'
import type { RemovalStore } from '../store/removals.ts'
import type { Transact } from './transaction.ts'

const NEXT = `select kind, id from removals order by kind, id limit 1`
const FORGET = `delete from removals where kind = ? and id = ?`

const DELETE_DELIVERIES = `
  delete from deliveries where (listener_id, due_at, sequence) in
    (select listener_id, due_at, sequence from deliveries where listener_id = ? limit ?)`
const DELETE_MISSED = `
  delete from missed where (sequence, listener_id) in
    (select sequence, listener_id from missed where listener_id = ? limit ?)`
const DELETE_FIGURES = `delete from listener_figures where listener_id = ?`

const MESSAGES = `select sequence from messages where queue_id = ? limit ?`
const DELETE_ATTEMPTS = `delete from attempts where sequence = ?`
const DELETE_MARKS = `delete from message_marks where queue_id = ?`
const DELETE_MESSAGE = `delete from messages where sequence = ?`

export function createRemovalStore(db: DatabaseSync, transact: Transact): RemovalStore {
  const [next, forget] = [db.prepare(NEXT), db.prepare(FORGET)]
  const [deleteDeliveries, deleteMissed] = [db.prepare(DELETE_DELIVERIES), db.prepare(DELETE_MISSED)]
  const [deleteFigures, messages] = [db.prepare(DELETE_FIGURES), db.prepare(MESSAGES)]
  const [deleteAttempts, deleteMessage] = [db.prepare(DELETE_ATTEMPTS), db.prepare(DELETE_MESSAGE)]

  const deleteMarks = db.prepare(DELETE_MARKS)

  /** Attempts stay with their message: they are its history, whoever it went to. */
  function sweepListener(id: string, limit: number): number {
    const deliveries = Number(deleteDeliveries.run(id, limit).changes)
    const missed = deliveries < limit ? Number(deleteMissed.run(id, limit - deliveries).changes) : 0
    if (deliveries + missed === 0) deleteFigures.run(id)
    return deliveries + missed
  }

  /** A message and its attempts at a time, so that no round looks again at what an earlier one has done. */
  function sweepQueue(id: string, limit: number): number {
    const found = messages.all(id, limit) as { sequence: number }[]
    for (const { sequence } of found) {
      deleteAttempts.run(sequence)
      deleteMessage.run(sequence)
    }
    if (found.length === 0) deleteMarks.run(id)
    return found.length
  }

  function sweep(limit: number): number {
    const removal = next.get() as { kind: 'listener' | 'queue'; id: string } | undefined
    if (removal === undefined) return 0
    const removed = removal.kind === 'listener' ? sweepListener(removal.id, limit) : sweepQueue(removal.id, limit)
    return removed > 0 ? removed : Number(forget.run(removal.kind, removal.id).changes)
  }

  return {
    async sweep({ limit }) {
      return transact(() => sweep(limit))
    },
  }
}
