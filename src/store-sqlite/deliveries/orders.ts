import type { DatabaseSync } from 'node:sqlite'
import type { Ordering } from '../../core/delivery/listener.ts'
import { type OrderHead, onEnter, onLeave, orderKeyOf } from '../../core/delivery/listener.ts'
import type { OrderPosition } from '../../store/commit/batch.ts'
import { type BeginRun, createBeginRun } from './delivery-rows.ts'

const COUNTERS = `select listener_id as listenerId, last_number as lastNumber from order_counters`
const WRITE_COUNTER = `insert or replace into order_counters (listener_id, last_number) values (?, ?)`

const INSERT_PLACE = `insert into order_places (sequence, listener_id, number, key) values (?, ?, ?, ?)`
const PLACE = `select number, key from order_places where sequence = ? and listener_id = ?`

const HEAD = `select sequence, blocked from order_heads where listener_id = ? and key = ?`
const INSERT_HEAD = `insert into order_heads (listener_id, key, sequence) values (?, ?, ?)`
const SET_HEAD = `update order_heads set sequence = ?, blocked = 0 where listener_id = ? and key = ?`
const BLOCK_HEAD = `update order_heads set blocked = 1 where listener_id = ? and key = ? and sequence = ?`
const DELETE_HEAD = `delete from order_heads where listener_id = ? and key = ?`

const HOLD = `insert or ignore into held (listener_id, key, sequence) values (?, ?, ?)`
const IS_HELD = `select 1 from held where listener_id = ? and key = ? and sequence = ?`
const NEXT_HELD = `select sequence from held where listener_id = ? and key = ? order by sequence limit 1`
const LET_GO = `delete from held where listener_id = ? and key = ? and sequence = ?`

/** How a redelivery of a message continues: it may be sent, it waits for its turn, or nothing orders it. */
export type Entered = 'head' | 'held' | 'outside'

interface OrderKey {
  number: number
  /** Null: counted, but outside of the order. */
  key: string | null
}

/**
 * The order of listeners that want one. `deliveries` holds only what may be sent: of all messages with one key that is
 * the head, and the rest is held, in the order of acceptance, until the one before is done with. So claims and lanes
 * know nothing of order, and a listener without one pays a look into a map.
 */
export class Orders {
  readonly #statements
  readonly #beginRun: BeginRun
  /** The last number of every listener that has or had an order; what a transaction changes is written at its end. */
  readonly #counters = new Map<string, number>()
  readonly #changed = new Set<string>()

  constructor(db: DatabaseSync) {
    this.#beginRun = createBeginRun(db)
    this.#statements = {
      counters: db.prepare(COUNTERS),
      writeCounter: db.prepare(WRITE_COUNTER),
      insertPlace: db.prepare(INSERT_PLACE),
      place: db.prepare(PLACE),
      head: db.prepare(HEAD),
      insertHead: db.prepare(INSERT_HEAD),
      setHead: db.prepare(SET_HEAD),
      blockHead: db.prepare(BLOCK_HEAD),
      deleteHead: db.prepare(DELETE_HEAD),
      hold: db.prepare(HOLD),
      isHeld: db.prepare(IS_HELD),
      nextHeld: db.prepare(NEXT_HELD),
      letGo: db.prepare(LET_GO),
    }
    this.#read()
  }

  /** Whether the listener has or had an order; where it never had, nothing else here needs to be asked. */
  knows(listenerId: string): boolean {
    return this.#counters.has(listenerId)
  }

  /** Gives a message that is being accepted its place; where that is behind a head, nothing else may be stored of it. */
  accept(
    listenerId: string,
    ordering: Exclude<Ordering, 'none'>,
    message: { sequence: number; key: string | null },
  ): OrderPosition {
    const { sequence } = message
    const number = (this.#counters.get(listenerId) ?? 0) + 1
    this.#counters.set(listenerId, number)
    this.#changed.add(listenerId)
    const key = orderKeyOf(ordering, message.key)
    this.#statements.insertPlace.run(sequence, listenerId, number, key)
    if (key === null) return { number, held: false }
    const held = onEnter(this.#head(listenerId, key), sequence) === 'held'
    if (held) this.#statements.hold.run(listenerId, key, sequence)
    else this.#statements.insertHead.run(listenerId, key, sequence)
    return { number, held }
  }

  /** At the end of a transaction that accepts. */
  write(): void {
    for (const listenerId of this.#changed) {
      this.#statements.writeCounter.run(listenerId, this.#counters.get(listenerId)!)
    }
  }

  /** After it is on disk. */
  committed(): void {
    this.#changed.clear()
  }

  /** A transaction has failed, with the numbers that it gave. */
  forget(): void {
    this.#changed.clear()
    this.#read()
  }

  /** The listener is gone for good. */
  drop(listenerId: string): void {
    this.#counters.delete(listenerId)
  }

  /** What `discue-sequence` says; null where the listener had no order when the message was accepted. */
  numberOf(listenerId: string, sequence: number): number | null {
    return this.#placeOf(listenerId, sequence)?.number ?? null
  }

  isHeld(listenerId: string, sequence: number): boolean {
    const key = this.#placeOf(listenerId, sequence)?.key ?? null
    return key !== null && this.#statements.isHeld.get(listenerId, key, sequence) !== undefined
  }

  /** Whether other messages wait for this one, which was missed. */
  blocks(listenerId: string, sequence: number): boolean {
    const key = this.#placeOf(listenerId, sequence)?.key ?? null
    const head = key === null ? undefined : this.#head(listenerId, key)
    return head?.sequence === sequence && head.isBlocked
  }

  /** The message was missed, and the messages after it wait. */
  block(listenerId: string, sequence: number): void {
    const key = this.#placeOf(listenerId, sequence)?.key ?? null
    if (key !== null) this.#statements.blockHead.run(listenerId, key, sequence)
  }

  /** The message is done with or gone: the next one's turn. Answers with when that is due, or null where none waited. */
  leave(listenerId: string, sequence: number, now: number): number | null {
    const key = this.#placeOf(listenerId, sequence)?.key ?? null
    if (key === null) return null
    if (onLeave(this.#head(listenerId, key), sequence) === 'leaves') {
      this.#statements.letGo.run(listenerId, key, sequence)
      return null
    }
    return this.promote(listenerId, key, now)
  }

  /** Takes the next one in place of the key's head. */
  promote(listenerId: string, key: string, now: number): number | null {
    const next = this.#statements.nextHeld.get(listenerId, key) as { sequence: number } | undefined
    if (next === undefined) {
      this.#statements.deleteHead.run(listenerId, key)
      return null
    }
    this.#statements.letGo.run(listenerId, key, next.sequence)
    this.#statements.setHead.run(next.sequence, listenerId, key)
    return this.#beginRun(listenerId, next.sequence, now)
  }

  /** A message that was done with comes again, ahead of all that were accepted after it but for the head. */
  enter(listenerId: string, sequence: number): Entered {
    const key = this.#placeOf(listenerId, sequence)?.key ?? null
    if (key === null) return 'outside'
    const head = this.#head(listenerId, key)
    const entered = onEnter(head, sequence)
    if (entered === 'held') this.#statements.hold.run(listenerId, key, sequence)
    else if (head === undefined) this.#statements.insertHead.run(listenerId, key, sequence)
    else this.#statements.setHead.run(sequence, listenerId, key)
    return entered
  }

  #head(listenerId: string, key: string): OrderHead | undefined {
    const row = this.#statements.head.get(listenerId, key) as { sequence: number; blocked: number } | undefined
    return row === undefined ? undefined : { sequence: row.sequence, isBlocked: row.blocked === 1 }
  }

  #placeOf(listenerId: string, sequence: number): OrderKey | undefined {
    if (!this.#counters.has(listenerId)) return undefined
    return this.#statements.place.get(sequence, listenerId) as OrderKey | undefined
  }

  #read(): void {
    this.#counters.clear()
    const rows = this.#statements.counters.all() as unknown as { listenerId: string; lastNumber: number }[]
    for (const { listenerId, lastNumber } of rows) this.#counters.set(listenerId, lastNumber)
  }
}
