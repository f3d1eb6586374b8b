import type { DatabaseSync } from 'node:sqlite'
import type { Listener } from '../../core/delivery/listener.ts'
import type { OrderStore, Released } from '../../store/orders.ts'
import type { ChangeLog, Transact } from '../transaction.ts'
import type { Orders } from './orders.ts'

const REMEMBER = `insert or ignore into order_releases (listener_id) values (?)`
const FORGET = `delete from order_releases where listener_id = ?`
const NEXT = `select listener_id as listenerId from order_releases order by listener_id limit 1`
const BLOCKED = `select key from order_heads where listener_id = ? and blocked = 1 limit ?`

/** Notes, within the transaction that changes a listener, whether what it blocked is to be released. */
export function createReleaseNotes(db: DatabaseSync): (before: Listener, after: Listener) => void {
  const [remember, forget] = [db.prepare(REMEMBER), db.prepare(FORGET)]
  return ({ id, settings }, after) => {
    if (settings.onMissed === after.settings.onMissed) return
    if (after.settings.onMissed === 'continue') remember.run(id)
    else forget.run(id)
  }
}

export function createOrderStore(
  db: DatabaseSync,
  transact: Transact,
  { orders, changes }: { orders: Orders; changes: ChangeLog },
): OrderStore {
  const [next, blocked, forget] = [db.prepare(NEXT), db.prepare(BLOCKED), db.prepare(FORGET)]

  function release({ limit, now }: { limit: number; now: number }): Released {
    const first = next.get() as { listenerId: string } | undefined
    if (first === undefined) return { looked: 0, freedListenerIds: [] }
    const { listenerId } = first
    const keys = blocked.all(listenerId, limit) as { key: string }[]
    let freed = false
    for (const { key } of keys) if (orders.promote(listenerId, key, now) !== null) freed = true
    if (keys.length < limit) forget.run(listenerId)
    if (freed) changes.note({ kind: 'deliveries_due', listenerIds: [listenerId], dueAt: now })
    return { looked: keys.length + 1, freedListenerIds: freed ? [listenerId] : [] }
  }

  return {
    async release(ask) {
      return transact(() => release(ask))
    },
  }
}
