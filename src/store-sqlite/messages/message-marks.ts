import type { DatabaseSync } from 'node:sqlite'
import { AFTER_EVERY_ID } from '../../core/id.ts'

/** Messages between two marks, more or less: the most that a page far down has to step over one by one. */
const MESSAGES_A_MARK = 1_024
/** Queues whose newest mark is remembered; of any other it is read again. */
const KEPT_QUEUES = 10_000

const NEWEST = `select below_id as belowId from message_marks where queue_id = ? order by below_id desc limit 1`
const INSERT = `insert into message_marks (queue_id, below_id, messages) values (?, ?, ?)`
const COUNT = `select count(*) as messages from messages where queue_id = ? and id >= ? and id < ?`
const ADD = `
  update message_marks set messages = messages + :change
   where queue_id = :queueId and below_id =
     (select below_id from message_marks where queue_id = :queueId and below_id > :id order by below_id limit 1)
  returning below_id as belowId, messages`

/** A mark with no message between the one before it and itself tells nothing. The newest stays: counting begins there. */
const DROP = `
  delete from message_marks
   where queue_id = :queueId and below_id = :belowId
     and exists (select 1 from message_marks where queue_id = :queueId and below_id > :belowId)`

const DOWNWARD = `
  select below_id as belowId, messages from message_marks
   where queue_id = ? and below_id <= ? order by below_id desc`

const FIRST_FROM = `select min(below_id) as id from message_marks where queue_id = ? and below_id >= ?`
const LAST_UP_TO = `select max(below_id) as id from message_marks where queue_id = ? and below_id <= ?`
const SUM = `
  select coalesce(sum(messages), 0) as messages from message_marks where queue_id = ? and below_id > ? and below_id <= ?`

/** The messages of a queue from `from` (its newest mark) on, which no mark has counted. */
interface Open {
  from: string
  /** About how many there are: tells when to set the next mark, which then counts them exactly. */
  messages: number
}

/**
 * Counts a queue's messages in blocks, in the order of their ids, so that a listing can pass over half a million of
 * them. A mark says how many messages lie between the one before it and itself; those above the newest mark are not
 * counted yet. So a message costs no write of its own: one in a thousand sets a mark.
 */
export class MessageMarks {
  readonly #statements
  readonly #open = new Map<string, Open>()

  constructor(db: DatabaseSync) {
    const [newest, insert, count] = [db.prepare(NEWEST), db.prepare(INSERT), db.prepare(COUNT)]
    const [add, drop, downward] = [db.prepare(ADD), db.prepare(DROP), db.prepare(DOWNWARD)]
    const [firstFrom, lastUpTo, sum] = [db.prepare(FIRST_FROM), db.prepare(LAST_UP_TO), db.prepare(SUM)]
    this.#statements = { newest, insert, count, add, drop, downward, firstFrom, lastUpTo, sum }
  }

  /** Within the transaction that has just stored the message. */
  added(queueId: string, id: string): void {
    const open = this.#openOf(queueId)
    // Ids are made before the commit, so that one may be stored after a mark that lies above it.
    if (id < open.from) this.#statements.add.get({ queueId, id, change: 1 })
    else {
      open.messages += 1
      if (open.messages > MESSAGES_A_MARK) this.#mark(queueId, open, id)
    }
  }

  /** Within the transaction that removes the message. Marks that have nothing below them any more go with it. */
  removed(queueId: string, id: string): void {
    const mark = this.#statements.add.get({ queueId, id, change: -1 }) as unknown as Mark | undefined
    if (mark?.messages === 0) this.#statements.drop.run({ queueId, belowId: mark.belowId })
  }

  /** A transaction has failed, with the marks that it may have set. */
  forget(): void {
    this.#open.clear()
  }

  /** Where a listing of what lies below `before`, newest first, gets to by passing over whole blocks. */
  skip(queueId: string, before: string, offset: number): { before: string; offset: number } {
    let place = { before, offset }
    if (offset <= MESSAGES_A_MARK) return place
    const marks = this.#statements.downward.iterate(queueId, before) as unknown as Iterable<Mark>
    let above: Mark | null = null
    for (const mark of marks) {
      const messages = above === null ? this.#count(queueId, mark.belowId, before) : above.messages
      if (messages > place.offset) return place
      place = { before: mark.belowId, offset: place.offset - messages }
      above = mark
    }
    return place
  }

  /** Whether any of the queue's messages are counted. */
  has(queueId: string): boolean {
    return this.#statements.newest.get(queueId) !== undefined
  }

  /** How many messages lie at `from` or above and below `below`; and how many entries were read to know it. */
  between(queueId: string, from: string, below: string): { messages: number; read: number } {
    const { firstFrom, lastUpTo, sum } = this.#statements
    const first = (firstFrom.get(queueId, from) as { id: string | null }).id
    const last = (lastUpTo.get(queueId, below) as { id: string | null }).id
    if (first === null || last === null || first >= last) return this.counted(queueId, from, below)
    const ends = this.#count(queueId, from, first) + this.#count(queueId, last, below)
    const { messages } = sum.get(queueId, first, last) as { messages: number }
    return { messages: ends + messages, read: ends + Math.ceil(messages / MESSAGES_A_MARK) }
  }

  /** Counts messages entry by entry, for a queue without marks. */
  counted(queueId: string, from: string, below: string): { messages: number; read: number } {
    const messages = this.#count(queueId, from, below)
    return { messages, read: messages }
  }

  #mark(queueId: string, open: Open, belowId: string): void {
    this.#statements.insert.run(queueId, belowId, this.#count(queueId, open.from, belowId))
    open.from = belowId
    open.messages = 1
  }

  #count(queueId: string, from: string, below: string): number {
    return (this.#statements.count.get(queueId, from, below) as { messages: number }).messages
  }

  #openOf(queueId: string): Open {
    const known = this.#open.get(queueId)
    if (known !== undefined) return known
    const newest = this.#statements.newest.get(queueId) as { belowId: string } | undefined
    const from = newest?.belowId ?? ''
    const open = { from, messages: this.#count(queueId, from, AFTER_EVERY_ID) }
    if (this.#open.size >= KEPT_QUEUES) this.#open.clear()
    this.#open.set(queueId, open)
    return open
  }
}

interface Mark {
  belowId: string
  messages: number
}
