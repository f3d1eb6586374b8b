import type { DatabaseSync } from 'node:sqlite'
import type { EventType } from '../core/telemetry/event.ts'
import type { ApiKey, ApiKeyStatus, Scope } from '../core/tenant/api-key.ts'
import type { ApiKeyStore } from '../store/api-keys.ts'
import { failsIfMatch } from '../store/listing/expected-revision.ts'
import type { Revised } from '../store/listing/slice.ts'
import { unlessTaken } from './errors.ts'
import { createEffectRecords } from './idempotency-records.ts'
import { onlyOf, sliceOf } from './listing.ts'
import { ORGANIZATION_COLUMNS, type OrganizationRow, organizationOf } from './organization-row.ts'
import { createRefusal } from './quotas.ts'
import type { Usage } from './telemetry/usage.ts'
import { type ChangeLog, reading, type Transact } from './transaction.ts'

const COLUMNS = `
  id, organization_id as organizationId, name, digest, prefix, status, scopes, owner,
  created_at as createdAt, updated_at as updatedAt, last_used_at as lastUsedAt`

const INSERT = `
  insert into api_keys
    (id, organization_id, name, digest, prefix, status, scopes, owner, created_at, updated_at, last_used_at)
  values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

const FIND_BY_DIGEST = `select ${COLUMNS} from api_keys where digest = ?`
const ORGANIZATION = `select ${ORGANIZATION_COLUMNS} from organizations where id = ?`

const GET = `select ${COLUMNS}, revision from api_keys where organization_id = ? and id = ?`

const LIST = `
  select ${COLUMNS} from api_keys
   where organization_id = :organizationId and (:only is null or id in (select value from json_each(:only)))
   order by id limit :limit offset :offset`

const OTHER_OWNERS = `
  select count(*) as others from api_keys
   where organization_id = ? and owner = 1 and status = 'enabled' and id <> ?`

const UPDATE = `
  update api_keys set name = ?, status = ?, scopes = ?, updated_at = ?, revision = revision + 1 where id = ?`
const DELETE = `delete from api_keys where id = ?`
const REPLACE_DIGEST = `
  update api_keys set digest = ?, prefix = ?, updated_at = ?, revision = revision + 1 where id = ?
  returning organization_id as organizationId`
const READ_NOTE = `select value from notes where name = 'root_key_shown'`
const WRITE_NOTE = `insert or replace into notes (name, value) values ('root_key_shown', 'yes')`

type Row = Omit<ApiKey, 'scopes' | 'owner'> & { scopes: string | null; owner: number }

export function createApiKeyInsert(db: DatabaseSync): (key: ApiKey) => void {
  const insert = db.prepare(INSERT)
  return (key) => {
    const { id, organizationId, name, digest, prefix, status, createdAt, updatedAt, lastUsedAt } = key
    const owner = key.owner ? 1 : 0
    const scopes = scopesText(key.scopes)
    insert.run(id, organizationId, name, digest, prefix, status, scopes, owner, createdAt, updatedAt, lastUsedAt)
  }
}

export function createApiKeyStore(
  db: DatabaseSync,
  transact: Transact,
  { usage, changes: log }: { usage: Usage; changes: ChangeLog },
): ApiKeyStore {
  const insert = createApiKeyInsert(db)
  const [findByDigest, get, list] = [db.prepare(FIND_BY_DIGEST), db.prepare(GET), db.prepare(LIST)]
  const [update, remove, replaceDigest] = [db.prepare(UPDATE), db.prepare(DELETE), db.prepare(REPLACE_DIGEST)]
  const organization = db.prepare(ORGANIZATION)
  const refusal = createRefusal(db, 'apiKeys')
  const [otherOwners, readNote, writeNote] = [db.prepare(OTHER_OWNERS), db.prepare(READ_NOTE), db.prepare(WRITE_NOTE)]
  const answers = createEffectRecords(db)

  const find = (ask: { organizationId: string; id: string }): Revised<ApiKey> | null => {
    const row = get.get(ask.organizationId, ask.id) as Revised<Row> | undefined
    return row === undefined ? null : { ...keyOf(row), revision: row.revision }
  }
  const note = (type: EventType, { organizationId, id, name, digest }: ApiKey, now: number) => {
    usage.note({ type, organizationId, id, name, queueId: null }, now)
    log.note({ kind: 'api_key', digest })
  }
  const lastOwner = (key: ApiKey): boolean => {
    if (!key.owner || key.status !== 'enabled') return false
    return (otherOwners.get(key.organizationId, key.id) as { others: number }).others === 0
  }

  return {
    async findByDigest(digest) {
      return reading(() => {
        const row = findByDigest.get(digest) as Row | undefined
        // The keys of a deleted organization are removed later; they are unknown at once.
        const around = row && (organization.get(row.organizationId) as OrganizationRow | undefined)
        return around === undefined ? null : { key: keyOf(row!), organization: organizationOf(around) }
      })
    },
    async create(key, answer) {
      return unlessTaken(() => {
        return transact(() => {
          if (answers.has(answer)) return 'answered'
          const refused = refusal(key.organizationId)
          if (refused !== null) return refused
          answers.write(answer)
          insert(key)
          note('api_key_added', key, key.createdAt)
          return 'created'
        })
      })
    },
    async get(ask) {
      return reading(() => find(ask))
    },
    async list({ organizationId, only, slice }) {
      const rows = reading(() => list.all({ organizationId, only: onlyOf(only), ...sliceOf(slice) }))
      return (rows as unknown as Row[]).map(keyOf)
    },
    async update({ changes, now, ifMatch, ...ask }) {
      return unlessTaken(() =>
        transact(() => {
          const key = find(ask)
          if (key === null) return 'not_found'
          if (failsIfMatch(key.revision, ifMatch)) return 'changed'
          if (changes.status === 'disabled' && lastOwner(key)) return 'last_owner_key'
          const changed = { ...key, ...changes, updatedAt: now, revision: key.revision + 1 }
          update.run(changed.name, changed.status, scopesText(changed.scopes), now, key.id)
          note('api_key_updated', changed, now)
          return changed
        }),
      )
    },
    async delete({ now, ...ask }) {
      return transact(() => {
        const key = find(ask)
        if (key === null) return 'not_found'
        if (failsIfMatch(key.revision, ask.ifMatch)) return 'changed'
        if (lastOwner(key)) return 'last_owner_key'
        remove.run(key.id)
        note('api_key_deleted', key, now)
        return 'deleted'
      })
    },
    async replaceDigest({ id, digest, prefix, now }) {
      transact(() => {
        const row = replaceDigest.get(digest, prefix, now, id) as { organizationId: string } | undefined
        if (row !== undefined) log.note({ kind: 'organization', organizationId: row.organizationId })
      })
    },
    async rootKeyShown() {
      return reading(() => readNote.get()) !== undefined
    },
    async markRootKeyShown() {
      transact(() => writeNote.run())
    },
  }
}

function scopesText(scopes: Scope[] | null): string | null {
  return scopes === null ? null : JSON.stringify(scopes)
}

function keyOf(row: Row): ApiKey {
  const { scopes, owner, status, ...rest } = row
  return {
    ...rest,
    status: status as ApiKeyStatus,
    scopes: scopes === null ? null : JSON.parse(scopes),
    owner: owner === 1,
  }
}
