import type { Runtime } from '../../runtime.ts'
import type { Db } from '../connect/session.ts'

const LAST = `select last_value as last from discue.event_segment`

/**
 * Transactions that have written a segment, or are about to: they hold this lock from before they take the segment's number
 * until after they are seen to be committed.
 */
const WRITERS = `
  select virtualtransaction as id from pg_locks
   where locktype = 'relation' and relation = 'discue.event_segments'::regclass
     and database = (select oid from pg_database where datname = current_database())
     and mode = 'RowExclusiveLock' and granted and pid <> pg_backend_pid()`

/** A commit takes a few milliseconds; a caller waits for those under way up to a fifth of a second. */
const PAUSE_MS = 5
const LOOKS = 40

/** A number that was given out, and the transactions that may still use one up to it. */
interface Look {
  last: number
  open: Set<string>
}

/**
 * Numbers of segments are given out in order and committed in any. A number is safe once every transaction has ended that
 * held the lock after the number was given out: all smaller ones are then committed, or never will be. No commit waits for
 * this.
 */
export class EventHorizon {
  readonly #db: Db
  readonly #runtime: Pick<Runtime, 'upkeep'>
  #safe = 0
  #pending: Look | null = null
  #running: Promise<unknown> = Promise.resolve()
  #next: Promise<number> | null = null

  constructor(db: Db, runtime: Pick<Runtime, 'upkeep'>) {
    this.#db = db
    this.#runtime = runtime
  }

  /** At least the last number as of now, once that is safe; where commits take too long for it, the greatest that is. */
  async read(): Promise<number> {
    const wanted = await this.#look()
    for (let looks = 1; this.#safe < wanted && looks < LOOKS; looks++) {
      await new Promise<void>((resolve) => void this.#runtime.upkeep(PAUSE_MS, resolve))
      await this.#look()
    }
    return this.#safe
  }

  /** Looks one after the other; callers that come while one is under way share the one that follows it. */
  #look(): Promise<number> {
    this.#next ??= this.#running.then(() => {
      this.#next = null
      const look = this.#lookNow()
      // The caller hears of a failure; the look that follows begins anyway.
      this.#running = look.catch(() => undefined)
      return look
    })
    return this.#next
  }

  async #lookNow(): Promise<number> {
    const [row] = await this.#db.rows<{ last: number }>(LAST)
    const { last } = row!
    const open = new Set((await this.#db.rows<{ id: string }>(WRITERS)).map(({ id }) => id))
    this.#settle(this.#pending, open)
    // One that waits for its writers is kept, so that it comes to an end however many begin meanwhile.
    if (this.#pending === null || this.#pending.open.size === 0) {
      this.#pending = { last, open: new Set(open) }
      this.#settle(this.#pending, open)
    }
    return last
  }

  #settle(look: Look | null, open: ReadonlySet<string>): void {
    if (look === null) return
    look.open = look.open.intersection(open)
    if (look.open.size === 0) this.#safe = Math.max(this.#safe, look.last)
  }
}
