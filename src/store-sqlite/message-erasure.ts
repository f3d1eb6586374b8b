import type { DatabaseSync } from 'node:sqlite'
import type { Message } from '../core/message.ts'
import type { FigureChanges } from './figures.ts'
import type { MessageMarks } from './message-marks.ts'

const DELETE_PENDING = `delete from deliveries where listener_id = ? and due_at = ? and sequence = ?`
const DELETE_ATTEMPTS = `delete from attempts where sequence = ?`
const DELETE_MISSED = `delete from missed where sequence = ? returning listener_id as listenerId`
const DELETE_MESSAGE = `delete from messages where sequence = ?`

/** Takes a message out of every table, within a transaction; what that does to the figures is added to `changes`. */
export function createMessageErasure(db: DatabaseSync, marks: MessageMarks) {
  const [removePending, removeAttempts] = [db.prepare(DELETE_PENDING), db.prepare(DELETE_ATTEMPTS)]
  const [removeMissed, removeMessage] = [db.prepare(DELETE_MISSED), db.prepare(DELETE_MESSAGE)]
  return (
    { sequence, queueId, id }: Pick<Message, 'sequence' | 'queueId' | 'id'>,
    pending: readonly { listenerId: string; dueAt: number }[],
    changes: FigureChanges,
  ): void => {
    for (const { listenerId, dueAt } of pending) {
      removePending.run(listenerId, dueAt, sequence)
      changes.of(listenerId).pending -= 1
    }
    for (const { listenerId } of removeMissed.all(sequence) as { listenerId: string }[]) {
      changes.of(listenerId).missed -= 1
    }
    removeAttempts.run(sequence)
    removeMessage.run(sequence)
    marks.removed(queueId, id)
  }
}
