import type { DatabaseSync } from 'node:sqlite'

/** Queues whose newest audience is remembered, and audiences that were read; of any other it is read again. */
const KEPT = 10_000

const NEWEST = `
  select id, listener_ids as listenerIds from audiences where queue_id = ? order by first_sequence desc limit 1`
const INSERT = `insert into audiences (queue_id, first_sequence, listener_ids) values (?, ?, ?)`
const READ = `select queue_id as queueId, listener_ids as listenerIds from audiences where id = ?`

interface Meant {
  queueId: string
  listenerIds: readonly string[]
}

interface Audience {
  id: number
  listenerIds: readonly string[]
}

/**
 * For whom a message was accepted, whatever became of it. All messages of a queue between two changes of its listeners
 * have the same audience, so that a message costs one number and no write of its own.
 */
export class Audiences {
  readonly #statements
  /** By queue: that of its next message. */
  readonly #newest = new Map<string, Audience>()
  readonly #read = new Map<number, Meant>()

  constructor(db: DatabaseSync) {
    this.#statements = { newest: db.prepare(NEWEST), insert: db.prepare(INSERT), read: db.prepare(READ) }
  }

  /** The audience of a message, within the transaction that stores it. */
  of(queueId: string, sequence: number, deliveries: readonly { listenerId: string }[]): number {
    const known = this.#newest.get(queueId) ?? this.#stored(queueId)
    if (known !== null && isSame(known.listenerIds, deliveries)) return known.id
    const listenerIds = deliveries.map(({ listenerId }) => listenerId)
    const { lastInsertRowid } = this.#statements.insert.run(queueId, sequence, JSON.stringify(listenerIds))
    const audience = { id: Number(lastInsertRowid), listenerIds }
    this.#remember(queueId, audience)
    return audience.id
  }

  /** Whom the messages with this audience were for; some of them may be gone. */
  listenersOf(audience: number): readonly string[] {
    return this.read(audience).listenerIds
  }

  /** The same, with their queue. */
  read(audience: number): Meant {
    const known = this.#read.get(audience)
    if (known !== undefined) return known
    const row = this.#statements.read.get(audience) as { queueId: string; listenerIds: string } | undefined
    const meant = { queueId: row?.queueId ?? '', listenerIds: JSON.parse(row?.listenerIds ?? '[]') as string[] }
    if (this.#read.size >= KEPT) this.#read.clear()
    this.#read.set(audience, meant)
    return meant
  }

  /** A transaction has failed, with the audiences that it may have stored; or audiences were removed. */
  forget(): void {
    this.#newest.clear()
    this.#read.clear()
  }

  #stored(queueId: string): Audience | null {
    const row = this.#statements.newest.get(queueId) as { id: number; listenerIds: string } | undefined
    if (row === undefined) return null
    const audience = { id: row.id, listenerIds: JSON.parse(row.listenerIds) as string[] }
    this.#remember(queueId, audience)
    return audience
  }

  #remember(queueId: string, audience: Audience): void {
    if (this.#newest.size >= KEPT) this.#newest.clear()
    this.#newest.set(queueId, audience)
  }
}

function isSame(listenerIds: readonly string[], deliveries: readonly { listenerId: string }[]): boolean {
  if (listenerIds.length !== deliveries.length) return false
  for (let i = 0; i < listenerIds.length; i++) if (listenerIds[i] !== deliveries[i]!.listenerId) return false
  return true
}
