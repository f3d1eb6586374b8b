import type { Domain } from '../core/tenant/domain.ts'
import type { DomainStore } from '../store/domains.ts'
import { failsIfMatch } from '../store/listing/expected-revision.ts'
import type { Revised } from '../store/listing/slice.ts'
import { numbers } from './connect/arrays.ts'
import { jsonText } from './connect/json-text.ts'
import type { Db } from './connect/session.ts'
import type { Database } from './connect/transaction.ts'
import { unlessTaken } from './errors.ts'
import { hasRecord, writeRecord } from './idempotency-records.ts'
import { onlyOf, sliceOf } from './listing.ts'

const COLUMNS = `
  id, organization_id as "organizationId", name, hostname, port, challenge, verified_at as "verifiedAt",
  created_at as "createdAt", updated_at as "updatedAt"`

const INSERT = `
  insert into discue.domains (id, organization_id, name, hostname, port, challenge, verified_at, created_at, updated_at)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`

const GET = `select ${COLUMNS}, revision from discue.domains where organization_id = $1 and id = $2`
const GET_LOCKED = `${GET} for update`

const LIST = `
  select ${COLUMNS} from discue.domains
   where organization_id = $1 and ($2::text[] is null or id = any($2))
   order by id limit $3 offset $4`

const UPDATE = `
  update discue.domains set name = $3, hostname = $4, port = $5, challenge = $6, verified_at = $7, updated_at = $8,
         revision = revision + 1
   where organization_id = $1 and id = $2`

const DELETE = `delete from discue.domains where organization_id = $1 and id = $2`
/** Locked: a transaction that deletes the organization waits. */
const ORGANIZATION_EXISTS = `select 1 from discue.organizations where id = $1 for share`

const VERIFIED = `
  select 1 from discue.domains
   where organization_id = $1 and hostname = $2 and port = any($3::int[]) and verified_at > $4 limit 1`

type Ask = { organizationId: string; id: string }

export function createDomainStore({ transact, db }: Database): DomainStore {
  async function find(on: Db, { organizationId, id }: Ask, sql = GET): Promise<Revised<Domain> | null> {
    return (await on.rows<Revised<Domain>>(sql, [organizationId, id]))[0] ?? null
  }

  return {
    async create(domain, answer) {
      return unlessTaken(() =>
        transact(async (on) => {
          const { id, organizationId, name, hostname, port, challenge, verifiedAt, createdAt, updatedAt } = domain
          if ((await on.rows(ORGANIZATION_EXISTS, [organizationId])).length === 0) return 'organization_not_found'
          if (await hasRecord(on, answer)) return 'answered'
          await writeRecord(on, answer)
          const place = [id, organizationId, name, hostname, port, jsonText(challenge)]
          await on.run(INSERT, [...place, verifiedAt, createdAt, updatedAt])
          return 'created'
        }),
      )
    },
    get: (ask) => find(db, ask),
    list: ({ organizationId, only, slice }) => db.rows<Domain>(LIST, [organizationId, onlyOf(only), ...sliceOf(slice)]),
    async update({ changes, now, ifMatch, ...ask }) {
      return unlessTaken(() =>
        transact(async (on) => {
          const domain = await find(on, ask, GET_LOCKED)
          if (domain === null) return 'not_found'
          if (failsIfMatch(domain.revision, ifMatch)) return 'changed'
          const changed = { ...domain, ...changes, updatedAt: now, revision: domain.revision + 1 }
          const { name, hostname, port, challenge, verifiedAt } = changed
          const values = [name, hostname, port, jsonText(challenge), verifiedAt, now]
          await on.run(UPDATE, [ask.organizationId, ask.id, ...values])
          return changed
        }),
      )
    },
    async delete({ ifMatch, ...ask }) {
      return transact(async (on) => {
        const domain = await find(on, ask, GET_LOCKED)
        if (domain === null) return 'not_found'
        if (failsIfMatch(domain.revision, ifMatch)) return 'changed'
        await on.run(DELETE, [ask.organizationId, ask.id])
        return 'deleted'
      })
    },
    async isVerified({ organizationId, hostname, ports, since }) {
      return (await db.rows(VERIFIED, [organizationId, hostname, numbers(ports), since])).length > 0
    },
  }
}
