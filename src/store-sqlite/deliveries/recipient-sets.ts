import type { DatabaseSync } from 'node:sqlite'
import { isLeftOut, type LeftOut, onlyLeftOut, withoutLeftOut } from '../../core/listener-filter/left-out.ts'

/** Queues whose newest recipient set is remembered, and recipient sets that were read; of any other it is read again. */
const KEPT = 10_000

const NEWEST = `
  select id, listener_ids as listenerIds from audiences where queue_id = ? order by first_sequence desc limit 1`
const INSERT = `insert into audiences (queue_id, first_sequence, listener_ids) values (?, ?, ?)`
/** In the order by which a message says whom it leaves out. */
const OF_QUEUE = `select id as listenerId from listeners where queue_id = ? order by id`
const READ = `select queue_id as queueId, listener_ids as listenerIds from audiences where id = ?`

interface Meant {
  queueId: string
  listenerIds: readonly string[]
}

interface RecipientSet {
  id: number
  listenerIds: readonly string[]
  /** A version of the queue in which it has just these listeners, where one is known. */
  version?: number
}

/** What a message's row says of whom it is for. */
export interface RecipientRow {
  recipientSet: number
  leftOut: LeftOut | null
}

/**
 * For whom a message was accepted, whatever became of it. All messages of a queue between two changes of its listeners
 * have the same recipient set, so that a message costs one number and no write of its own.
 */
export class RecipientSets {
  readonly #statements
  /** By queue: that of its next message. */
  readonly #newest = new Map<string, RecipientSet>()
  readonly #read = new Map<number, Meant>()

  constructor(db: DatabaseSync) {
    this.#statements = {
      newest: db.prepare(NEWEST),
      insert: db.prepare(INSERT),
      read: db.prepare(READ),
      ofQueue: db.prepare(OF_QUEUE),
    }
  }

  /** The recipient set of a message, within the transaction that stores it. */
  of(queueId: string, sequence: number, deliveries: readonly { listenerId: string }[]): number {
    const known = this.#newest.get(queueId) ?? this.#stored(queueId)
    if (known !== null && isSame(known.listenerIds, deliveries)) return known.id
    const listenerIds = deliveries.map(({ listenerId }) => listenerId)
    const { lastInsertRowid } = this.#statements.insert.run(queueId, sequence, JSON.stringify(listenerIds))
    const recipientSet = { id: Number(lastInsertRowid), listenerIds }
    this.#remember(queueId, recipientSet)
    return recipientSet.id
  }

  /**
   * The recipient set of a message that leaves out some of its queue's listeners, within the transaction that stores it and
   * has seen the queue in this version: all that the queue has.
   */
  ofQueue(queueId: string, sequence: number, version: number): number {
    const known = this.#newest.get(queueId)
    if (known?.version === version) return known.id
    const id = this.of(queueId, sequence, this.#statements.ofQueue.all(queueId) as { listenerId: string }[])
    this.#newest.get(queueId)!.version = version
    return id
  }

  /** The listeners that a message is for; some of them may be gone. */
  recipientsOf({ recipientSet, leftOut }: RecipientRow): readonly string[] {
    return withoutLeftOut(this.read(recipientSet).listenerIds, leftOut)
  }

  /** The listeners that were there, and that the message did not fit. */
  leftOutOf({ recipientSet, leftOut }: RecipientRow): string[] {
    return onlyLeftOut(this.read(recipientSet).listenerIds, leftOut)
  }

  /** How a listener stands to a message: null where it was not there when the message was accepted. */
  standingOf({ recipientSet, leftOut }: RecipientRow, listenerId: string): 'recipient' | 'left_out' | null {
    const index = this.read(recipientSet).listenerIds.indexOf(listenerId)
    if (index === -1) return null
    return isLeftOut(leftOut, index) ? 'left_out' : 'recipient'
  }

  /** The listeners that the queue had, with those that a message left out, and their queue. */
  read(recipientSet: number): Meant {
    const known = this.#read.get(recipientSet)
    if (known !== undefined) return known
    const row = this.#statements.read.get(recipientSet) as { queueId: string; listenerIds: string } | undefined
    const meant = { queueId: row?.queueId ?? '', listenerIds: JSON.parse(row?.listenerIds ?? '[]') as string[] }
    if (this.#read.size >= KEPT) this.#read.clear()
    this.#read.set(recipientSet, meant)
    return meant
  }

  /** A transaction has failed, with the recipient sets that it may have stored; or recipient sets were removed. */
  forget(): void {
    this.#newest.clear()
    this.#read.clear()
  }

  #stored(queueId: string): RecipientSet | null {
    const row = this.#statements.newest.get(queueId) as { id: number; listenerIds: string } | undefined
    if (row === undefined) return null
    const recipientSet = { id: row.id, listenerIds: JSON.parse(row.listenerIds) as string[] }
    this.#remember(queueId, recipientSet)
    return recipientSet
  }

  #remember(queueId: string, recipientSet: RecipientSet): void {
    if (this.#newest.size >= KEPT) this.#newest.clear()
    this.#newest.set(queueId, recipientSet)
  }
}

function isSame(listenerIds: readonly string[], deliveries: readonly { listenerId: string }[]): boolean {
  if (listenerIds.length !== deliveries.length) return false
  for (let i = 0; i < listenerIds.length; i++) if (listenerIds[i] !== deliveries[i]!.listenerId) return false
  return true
}
