import type { DatabaseSync } from 'node:sqlite'
import { type RetiredSecret, unexpired } from '../core/tenant/secret-rotation.ts'
import type { SecretStore, StoredSecrets } from '../store/secrets.ts'
import type { Checkpoints } from './file/checkpoints.ts'
import { overwriting } from './file/overwriting.ts'
import { reading, type Transact } from './transaction.ts'

const WITHOUT = `
  select id as listenerId, secret, retired_secrets as retiredSecrets, coalesce(settings -> '$.headers', '{}') as headers,
         coalesce(settings -> '$.auth', 'null') as auth, coalesce(settings -> '$.tls', 'null') as tls
    from listeners
   where id > :after and (substr(secret, 1, length(:prefix)) <> :prefix or (
           instr(secret, ' ') > 0 and substr(secret, instr(secret, ' ') + 1, length(:prefix)) <> :prefix) or exists (
           select 1 from json_each(retired_secrets)
            where substr(value ->> 'secret', 1, length(:prefix)) <> :prefix) or exists (
           select 1 from (select type, value from json_each(settings, '$.headers') union all
                          select type, value from json_each(settings, '$.auth') where key = 'secret' union all
                          select type, value from json_each(settings, '$.tls') where key = 'key' and type <> 'null')
            where case type when 'object' then not :sealed or substr(value ->> 'sealed', 1, length(:prefix)) <> :prefix
                            else :sealed end))
   order by id limit :limit`

const RESEAL = `
  update listeners set secret = ?, retired_secrets = ?,
         settings = json_set(settings, '$.headers', json(?), '$.auth', json(?), '$.tls', json(?))
   where id = ? and secret = ? and retired_secrets = ? and coalesce(settings -> '$.headers', '{}') = json(?)
     and coalesce(settings -> '$.auth', 'null') = json(?)
     and coalesce(settings -> '$.tls', 'null') = json(?)`

const RETIRE = `update listeners set retired_secrets = ?, secret_expires_at = ? where id = ?`

const EXPIRED = `
  select id as listenerId, secret, retired_secrets as retiredSecrets from listeners
   where secret_expires_at <= ? order by secret_expires_at limit ?`

interface Row {
  listenerId: string
  secret: string
  retiredSecrets: string
}

type WholeRow = Row & { headers: string; auth: string; tls: string }

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
    async without({ prefix, sealed, after, limit }) {
      const ask = { prefix, sealed: Number(sealed), after: after ?? '', limit }
      const rows = reading(() => without.all(ask)) as unknown as WholeRow[]
      return rows.map((row) => ({
        ...row,
        retiredSecrets: retiredOf(row),
        headers: JSON.parse(row.headers),
        auth: JSON.parse(row.auth),
        tls: JSON.parse(row.tls),
      }))
    },
    async reseal(changes) {
      overwriting(db, () =>
        transact(() => {
          for (const { from, to } of changes) {
            reseal.run(...textsOf(to), from.listenerId, ...textsOf(from))
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

function textsOf({ secret, retiredSecrets, headers, auth, tls }: StoredSecrets): string[] {
  return [secret, JSON.stringify(retiredSecrets), ...[headers, auth, tls].map((part) => JSON.stringify(part))]
}

function retiredOf({ retiredSecrets }: Row): RetiredSecret[] {
  return JSON.parse(retiredSecrets)
}
