import { type RetiredSecret, unexpired } from '../core/tenant/secret-rotation.ts'
import type { SecretStore, StoredSecrets } from '../store/secrets.ts'
import { jsonText } from './connect/json-text.ts'
import type { Db } from './connect/session.ts'
import type { Database } from './connect/transaction.ts'

const COLUMNS = `
  id as "listenerId", secret, retired_secrets as "retiredSecrets", coalesce(settings -> 'headers', '{}') as headers,
  coalesce(settings -> 'auth', 'null') as auth, coalesce(settings -> 'tls', 'null') as tls`

const WITHOUT = `
  select ${COLUMNS} from discue.listeners
   where id > $2 and (not starts_with(secret, $1) or (
           position(' ' in secret) > 0 and not starts_with(split_part(secret, ' ', 2), $1)) or exists (
           select 1 from json_array_elements(retired_secrets) r where not starts_with(r.value ->> 'secret', $1)) or exists (
           select 1 from (select value from json_each(coalesce(settings -> 'headers', '{}')) union all
                          select settings -> 'auth' -> 'secret' where settings -> 'auth' -> 'secret' is not null union all
                          select settings -> 'tls' -> 'key' where settings -> 'tls' ->> 'key' is not null) h
            where case json_typeof(h.value) when 'object' then not $4::boolean or not starts_with(h.value ->> 'sealed', $1)
                                            else $4::boolean end))
   order by id limit $3`

/** Retired secrets as text, for two values of the type json cannot be compared; ours are all written by the same hand. */
const RESEAL = `
  update discue.listeners set secret = $2, retired_secrets = $3,
         settings = (settings::jsonb || jsonb_build_object('headers', $6::jsonb, 'auth', $8::jsonb, 'tls', $10::jsonb))::json
   where id = $1 and secret = $4 and retired_secrets::text = $5
     and coalesce(settings::jsonb -> 'headers', '{}') = $7::jsonb
     and coalesce(settings::jsonb -> 'auth', 'null') = $9::jsonb
     and coalesce(settings::jsonb -> 'tls', 'null') = $11::jsonb`

const RETIRE = `update discue.listeners set retired_secrets = $2, secret_expires_at = $3 where id = $1`

const EXPIRED = `
  select ${COLUMNS} from discue.listeners where secret_expires_at <= $1 order by secret_expires_at limit $2
     for update skip locked`

/** Writes the retired secrets of a listener; they are newest first, so that the last is the next to expire. */
export async function retire(db: Db, listenerId: string, retired: readonly RetiredSecret[]): Promise<void> {
  await db.run(RETIRE, [listenerId, jsonText(retired), retired.at(-1)?.until ?? null])
}

/** What was replaced stays in dead rows and in PostgreSQL's log until it reuses them: that is not in our power. */
export function createSecretStore({ transact, db }: Database): SecretStore {
  return {
    async without({ prefix, sealed, after, limit }) {
      return db.rows<StoredSecrets>(WITHOUT, [prefix, after ?? '', limit, sealed])
    },
    async reseal(changes) {
      await transact(async (on) => {
        for (const { from, to } of changes) {
          const [was, is] = [jsonText(from.retiredSecrets), jsonText(to.retiredSecrets)]
          const headers = [jsonText(to.headers), jsonText(from.headers)]
          const auth = [jsonText(to.auth), jsonText(from.auth)]
          const tls = [jsonText(to.tls), jsonText(from.tls)]
          await on.run(RESEAL, [from.listenerId, to.secret, is, from.secret, was, ...headers, ...auth, ...tls])
        }
      })
    },
    async forgetRetired({ now, limit }) {
      return transact(async (on) => {
        const rows = await on.rows<StoredSecrets>(EXPIRED, [now, limit])
        for (const { listenerId, retiredSecrets } of rows) await retire(on, listenerId, unexpired(retiredSecrets, now))
        return rows.length
      })
    },
  }
}
