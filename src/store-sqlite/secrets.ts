import type { DatabaseSync } from 'node:sqlite'
import { type RetiredSecret, unexpired } from '../core/secret-rotation.ts'
import type { SecretStore } from '../store/secrets.ts'
import type { Checkpoints } from './checkpoints.ts'
import { overwriting } from './overwriting.ts'
import { reading, type Transact } from './transaction.ts'

const WITHOUT = `
  select id as listenerId, secret, retired_secrets as retiredSecrets from listeners
   where id > :after and (substr(secret, 1, length(:prefix)) <> :prefix or exists (
           select 1 from json_each(retired_secrets)
            where substr(value ->> 'secret', 1, length(:prefix)) <> :prefix))
   order by id limit :limit`

const RESEAL = `
  update listeners set secret = ?, retired_secrets = ? where id = ? and secret = ? and retired_secrets = ?`

const RETIRE = `update listeners set retired_secrets = ?, secret_expires_at = ? where id = ?`

const EXPIRED = `
  select id as listenerId, secret, retired_secrets as retiredSecrets from listeners
   where secret_expires_at <= ? order by secret_expires_at limit ?`

interface Row {
  listenerId: string
  secret: string
  retiredSecrets: string
}

/** Writes the retired secrets of a listener; they are newest first, so that the last is the next to expire. */
export function createRetirement(db: DatabaseSync): (listenerId: string, retired: readonly RetiredSecret[]) => void {
  const retire = db.prepare(RETIRE)
  return (listenerId, retired) => retire.run(JSON.stringify(retired), retired.at(-1)?.until ?? null, listenerId)
}

export function createSecretStore(
  db: DatabaseSync,
  transact: Transact,
  checkpoints: Pick<Checkpoints, 'emptyLog'>,
): SecretStore {
  const [without, reseal, expired] = [db.prepare(WITHOUT), db.prepare(RESEAL), db.prepare(EXPIRED)]
  const retire = createRetirement(db)
  return {
    async without({ prefix, after, limit }) {
      const rows = reading(() => without.all({ prefix, after: after ?? '', limit })) as unknown as Row[]
      return rows.map((row) => ({ ...row, retiredSecrets: retiredOf(row) }))
    },
    async reseal(changes) {
      overwriting(db, () =>
        transact(() => {
          for (const { from, to } of changes) {
            const [was, is] = [JSON.stringify(from.retiredSecrets), JSON.stringify(to.retiredSecrets)]
            reseal.run(to.secret, is, from.listenerId, from.secret, was)
          }
        }),
      )
      // Until its log is emptied it holds the pages as they were before.
      await checkpoints.emptyLog()
    },
    async forgetRetired({ now, limit }) {
      return overwriting(db, () =>
        transact(() => {
          const rows = expired.all(now, limit) as unknown as Row[]
          for (const row of rows) retire(row.listenerId, unexpired(retiredOf(row), now))
          return rows.length
        }),
      )
    },
  }
}

function retiredOf({ retiredSecrets }: Row): RetiredSecret[] {
  return JSON.parse(retiredSecrets)
}
