import type { Listener } from '../../core/delivery/listener.ts'
import type { OrderStore, Released } from '../../store/orders.ts'
import type { Publish } from '../cluster/publish.ts'
import type { Db } from '../connect/session.ts'
import type { Database, Transaction } from '../connect/transaction.ts'
import type { Routines } from '../routines.ts'

const REMEMBER = `
  insert into discue.order_releases (organization_id, listener_id) values ($1, $2) on conflict do nothing`
const FORGET = `delete from discue.order_releases where organization_id = $1 and listener_id = $2`
const NEXT = `
  select organization_id as "organizationId", listener_id as "listenerId" from discue.order_releases
   order by organization_id, listener_id limit 1 for update skip locked`
const LOCK = `select 1 from discue.order_counters where organization_id = $1 and listener_id = $2 for update`
const BLOCKED = `
  select key from discue.order_heads where organization_id = $1 and listener_id = $2 and blocked limit $3`

/** Notes, within the transaction that changes a listener, whether what it blocked is to be released. */
export async function noteRelease(db: Db, before: Listener, after: Listener): Promise<void> {
  if (before.settings.onMissed === after.settings.onMissed) return
  await db.run(after.settings.onMissed === 'continue' ? REMEMBER : FORGET, [before.organizationId, before.id])
}

export function createOrderStore(
  { transact }: Database,
  { routines, publish }: { routines: Routines; publish: Publish },
): OrderStore {
  const PROMOTE = `select ${routines.name('order_promote')}($1, $2, $3, $4) as due`

  async function release(db: Transaction, { limit, now }: { limit: number; now: number }): Promise<Released> {
    const [first] = await db.rows<{ organizationId: string; listenerId: string }>(NEXT)
    if (first === undefined) return { looked: 0, freedListenerIds: [] }
    const place = [first.organizationId, first.listenerId]
    await db.rows(LOCK, place)
    const keys = await db.rows<{ key: string }>(BLOCKED, [...place, limit])
    let freed = false
    for (const { key } of keys) {
      const [row] = await db.rows<{ due: number | null }>(PROMOTE, [...place, key, now])
      if (row!.due !== null) freed = true
    }
    if (keys.length < limit) await db.run(FORGET, place)
    if (freed) await publish(db, { kind: 'deliveries_due', listenerIds: [first.listenerId], dueAt: now })
    return { looked: keys.length + 1, freedListenerIds: freed ? [first.listenerId] : [] }
  }

  return { release: (ask) => transact((db) => release(db, ask)) }
}
