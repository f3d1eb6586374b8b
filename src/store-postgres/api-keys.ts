import type { EventType } from '../core/telemetry/event.ts'
import type { ApiKey, Scope } from '../core/tenant/api-key.ts'
import type { ApiKeyStore } from '../store/api-keys.ts'
import { failsIfMatch } from '../store/listing/expected-revision.ts'
import type { Revised } from '../store/listing/slice.ts'
import type { Publish } from './cluster/publish.ts'
import { jsonText } from './connect/json-text.ts'
import type { Db } from './connect/session.ts'
import type { Database, Transaction } from './connect/transaction.ts'
import { unlessTaken } from './errors.ts'
import { hasRecord, writeRecord } from './idempotency-records.ts'
import { onlyOf, sliceOf } from './listing.ts'
import { ORGANIZATION_COLUMNS, type OrganizationRow, organizationOf } from './organization-row.ts'
import { refusalOf } from './quotas.ts'
import { note } from './telemetry/usage.ts'

const COLUMNS = `
  id, organization_id as "organizationId", name, digest, prefix, status, scopes, owner,
  created_at as "createdAt", updated_at as "updatedAt", last_used_at as "lastUsedAt"`

const INSERT = `
  insert into discue.api_keys
    (id, organization_id, name, digest, prefix, status, scopes, owner, created_at, updated_at, last_used_at)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`

const FIND_BY_DIGEST = `select ${COLUMNS} from discue.api_keys where digest = $1`
const ORGANIZATION = `select ${ORGANIZATION_COLUMNS} from discue.organizations where id = $1`

const GET = `select ${COLUMNS}, revision from discue.api_keys where organization_id = $1 and id = $2`
const GET_LOCKED = `${GET} for update`

const LIST = `
  select ${COLUMNS} from discue.api_keys
   where organization_id = $1 and ($2::text[] is null or id = any($2))
   order by id limit $3 offset $4`

/**
 * Locked, so that of two owner keys not both go at the same time. In the order of ids, so that transactions do not wait
 * in a circle.
 */
const OWNERS = `
  select id from discue.api_keys where organization_id = $1 and owner and status = 'enabled' order by id for update`

const UPDATE = `
  update discue.api_keys set name = $3, status = $4, scopes = $5, updated_at = $6, revision = revision + 1
   where organization_id = $1 and id = $2`
const DELETE = `delete from discue.api_keys where organization_id = $1 and id = $2`
const REPLACE_DIGEST = `
  update discue.api_keys set digest = $2, prefix = $3, updated_at = $4, revision = revision + 1 where id = $1
  returning organization_id as "organizationId"`
const READ_NOTE = `select value from discue.notes where name = 'root_key_shown'`
const WRITE_NOTE = `insert into discue.notes (name, value) values ('root_key_shown', 'yes') on conflict (name) do nothing`

export async function insertApiKey(db: Db, key: ApiKey): Promise<void> {
  const { id, organizationId, name, digest, prefix, status, owner, createdAt, updatedAt, lastUsedAt } = key
  const scopes = scopesText(key.scopes)
  await db.run(INSERT, [
    ...[id, organizationId, name, digest, prefix, status],
    ...[scopes, owner, createdAt, updatedAt, lastUsedAt],
  ])
}

export function createApiKeyStore({ transact, snapshot, db }: Database, publish: Publish): ApiKeyStore {
  async function find(on: Db, ask: { organizationId: string; id: string }, sql = GET): Promise<Revised<ApiKey> | null> {
    return (await on.rows<Revised<ApiKey>>(sql, [ask.organizationId, ask.id]))[0] ?? null
  }

  /** Takes the owners' locks first, for every transaction takes those in one order. */
  async function lastOwner(on: Db, { organizationId, id }: { organizationId: string; id: string }): Promise<boolean> {
    const owners = await on.rows<{ id: string }>(OWNERS, [organizationId])
    return owners.length === 1 && owners[0]!.id === id
  }

  async function changed(on: Transaction, type: EventType, key: ApiKey, now: number): Promise<void> {
    const { organizationId, id, name, digest } = key
    await note(on, { type, organizationId, id, name, queueId: null }, now)
    await publish(on, { kind: 'api_key', digest })
  }

  return {
    async findByDigest(digest) {
      return snapshot(async (on) => {
        const [key] = await on.rows<ApiKey>(FIND_BY_DIGEST, [digest])
        if (key === undefined) return null
        // The keys of a deleted organization are removed later; they are unknown at once.
        const [around] = await on.rows<OrganizationRow>(ORGANIZATION, [key.organizationId])
        return around === undefined ? null : { key, organization: organizationOf(around) }
      })
    },
    async create(key, answer) {
      return unlessTaken(() =>
        transact(async (on) => {
          if (await hasRecord(on, answer)) return 'answered'
          const refused = await refusalOf(on, key.organizationId, 'apiKeys')
          if (refused !== null) return refused
          await writeRecord(on, answer)
          await insertApiKey(on, key)
          await changed(on, 'api_key_added', key, key.createdAt)
          return 'created'
        }),
      )
    },
    async get(ask) {
      return find(db, ask)
    },
    async list({ organizationId, only, slice }) {
      return db.rows<ApiKey>(LIST, [organizationId, onlyOf(only), ...sliceOf(slice)])
    },
    async update({ changes, now, ifMatch, ...ask }) {
      return unlessTaken(() =>
        transact(async (on) => {
          const last = changes.status === 'disabled' && (await lastOwner(on, ask))
          const key = await find(on, ask, GET_LOCKED)
          if (key === null) return 'not_found'
          if (failsIfMatch(key.revision, ifMatch)) return 'changed'
          if (last) return 'last_owner_key'
          const updated = { ...key, ...changes, updatedAt: now, revision: key.revision + 1 }
          const { name, status, scopes } = updated
          await on.run(UPDATE, [ask.organizationId, ask.id, name, status, scopesText(scopes), now])
          await changed(on, 'api_key_updated', updated, now)
          return updated
        }),
      )
    },
    async delete({ now, ifMatch, ...ask }) {
      return transact(async (on) => {
        const last = await lastOwner(on, ask)
        const key = await find(on, ask, GET_LOCKED)
        if (key === null) return 'not_found'
        if (failsIfMatch(key.revision, ifMatch)) return 'changed'
        if (last) return 'last_owner_key'
        await on.run(DELETE, [ask.organizationId, ask.id])
        await changed(on, 'api_key_deleted', key, now)
        return 'deleted'
      })
    },
    async replaceDigest({ id, digest, prefix, now }) {
      await transact(async (on) => {
        const [row] = await on.rows<{ organizationId: string }>(REPLACE_DIGEST, [id, digest, prefix, now])
        if (row !== undefined) await publish(on, { kind: 'organization', organizationId: row.organizationId })
      })
    },
    async rootKeyShown() {
      return (await db.rows(READ_NOTE)).length > 0
    },
    async markRootKeyShown() {
      await db.run(WRITE_NOTE)
    },
  }
}

function scopesText(scopes: Scope[] | null): string | null {
  return scopes === null ? null : jsonText(scopes)
}
