import type { DatabaseSync } from 'node:sqlite'

/** Queues whose newest recipient set is remembered, and recipient sets that were read; of any other it is read again. */
const KEPT = 10_000

const NEWEST = `
  select id, listener_ids as listenerIds from audiences where queue_id = ? order by first_sequence desc limit 1`
const INSERT = `insert into audiences (queue_id, first_sequence, listener_ids) values (?, ?, ?)`
const READ = `select queue_id as queueId, listener_ids as listenerIds from audiences where id = ?`

interface Meant {
  queueId: string
  listenerIds: readonly string[]
}

interface RecipientSet {
  id: number
  listenerIds: readonly string[]
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
    this.#statements = { newest: db.prepare(NEWEST), insert: db.prepare(INSERT), read: db.prepare(READ) }
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

  /** The listeners that the messages with this recipient set were for; some of them may be gone. */
  listenersOf(recipientSet: number): readonly string[] {
    return this.read(recipientSet).listenerIds
  }

  /** The listeners that the messages with this recipient set were for, with their queue. */
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
