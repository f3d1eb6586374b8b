import type { ColumnTypes } from '../connect/columns.ts'
import type { Routines } from '../routines.ts'

/**
 * The parameters of `routines/commit_batch.sql`, here and there and nowhere else: `p_node` for a value, and for each column
 * of a table `p_queue_version`. They are handed over by their names, in this order.
 */
const VALUES = { node: 'text', now: 'bigint', bucket: 'bigint', firstLease: 'bigint' } as const

export const TABLES = {
  /** Of queues, in the order in which they are taken. */
  lock: { number: 'int' },
  /** Each in the version that it was read at: of one that was read in two, at least one is refused. */
  queue: { organization: 'text', id: 'text', version: 'int' },
  /** Of each queue, as the text of an array; null where its first message does not fit all: then it is read. */
  recipientSet: { listeners: 'text' },
  accept: { queue: 'int', size: 'int', at: 'bigint', answer: 'int', steps: 'text' },
  answer: {
    ...{ target: 'text', key: 'text', digest: 'text', status: 'int', body: 'text' },
    ...{ storedAt: 'bigint', expiresAt: 'bigint' },
  },
  message: {
    ...{ queue: 'int', id: 'text', name: 'text', key: 'text', data: 'text' },
    ...{ createdAt: 'bigint', deliverAt: 'bigint', expiresAt: 'bigint', headers: 'text', mediaType: 'text' },
    leftOut: 'text',
  },
  delivery: { message: 'int', listener: 'text', leased: 'boolean', ordered: 'boolean', key: 'text' },
  /** Of which something is settled or ordered; sorted, since they are locked in that order. */
  listener: { organization: 'text', id: 'text', ordered: 'boolean' },
  /** Where the delivery lies and who holds it; then what becomes of it, as `RowChange` says; then when and why it is missed. */
  settled: {
    ...{ listener: 'int', dueAt: 'bigint', sequence: 'bigint', lease: 'bigint', pulled: 'boolean' },
    ...{ ofRun: 'int', nextDueAt: 'bigint', nextBefore: 'int', firstSentAt: 'bigint' },
    ...{ missedAt: 'bigint', reason: 'text' },
  },
  /** Of each settlement. */
  attempt: {
    ...{ number: 'int', startedAt: 'bigint', durationMs: 'int', status: 'int', error: 'text', response: 'text' },
  },
  change: {
    ...{ organization: 'text', subject: 'text', listener: 'text', pending: 'int', acknowledged: 'int', missed: 'int' },
    ...{ successAt: 'bigint', failureAt: 'bigint', added: 'int', ok: 'int', notOk: 'int', latencies: 'text' },
  },
  segment: { organization: 'text', events: 'int', entries: 'text' },
  key: { id: 'text', usedAt: 'bigint' },
} as const satisfies Record<string, ColumnTypes>

export type TableName = keyof typeof TABLES

/** Each parameter's name and PostgreSQL's name of its type. */
export function batchParameters(): { name: string; type: string }[] {
  const values = Object.entries(VALUES).map(([name, type]) => ({ name: `p_${inSql(name)}`, type }))
  const columns = Object.entries(TABLES).flatMap(([table, types]) =>
    Object.entries(types).map(([name, type]) => ({ name: `p_${inSql(table)}_${inSql(name)}`, type: `${type}[]` })),
  )
  return [...values, ...columns]
}

/** The statement that commits a batch. */
export function callOf({ name }: Routines): string {
  const values = batchParameters().map((parameter, index) => `${parameter.name} => $${index + 1}`)
  return `select * from ${name('commit_batch')}(${values.join(', ')})`
}

/** `nextDueAt` as `next_due_at`. */
function inSql(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}
