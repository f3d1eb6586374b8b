import type { DatabaseSync } from 'node:sqlite'
import { type Organization, withLimits } from '../core/tenant/organization.ts'
import { failsIfMatch } from '../store/listing/expected-revision.ts'
import type { Revised } from '../store/listing/slice.ts'
import type { OrganizationStore } from '../store/organizations.ts'
import { createApiKeyInsert } from './api-keys.ts'
import type { MessageQuotas } from './commit/message-quotas.ts'
import type { Leases } from './deliveries/leases.ts'
import { unlessTaken } from './errors.ts'
import { createEffectRecords } from './idempotency-records.ts'
import { sliceOf } from './listing.ts'
import { ORGANIZATION_COLUMNS, type OrganizationRow, organizationOf } from './organization-row.ts'
import { type ChangeLog, reading, type Transact } from './transaction.ts'

const INSERT = `
  insert into organizations (id, name, root, status, limits, created_at, updated_at) values (?, ?, ?, ?, ?, ?, ?)`

const FIND_ROOT = `select ${ORGANIZATION_COLUMNS} from organizations where root = 1`
const GET = `select ${ORGANIZATION_COLUMNS}, revision from organizations where id = ?`
const LIST = `select ${ORGANIZATION_COLUMNS} from organizations order by id limit :limit offset :offset`
const UPDATE = `
  update organizations set name = ?, status = ?, limits = ?, updated_at = ?, revision = revision + 1 where id = ?`
const DELETE = `delete from organizations where id = ?`
const REMEMBER = `insert into removals (kind, id, organization_id) values ('organization', ?, ?)`
const LISTENER_IDS = `select id from listeners where organization_id = ?`
const UNLIMITED = { storedMessages: null, messagesPerDay: null }

export function createOrganizationStore(
  db: DatabaseSync,
  transact: Transact,
  { leases, quotas, changes: log }: { leases: Leases; quotas: MessageQuotas; changes: ChangeLog },
): OrganizationStore {
  const [insert, findRoot, get] = [db.prepare(INSERT), db.prepare(FIND_ROOT), db.prepare(GET)]
  const [list, update, remove] = [db.prepare(LIST), db.prepare(UPDATE), db.prepare(DELETE)]
  const [remember, listeners] = [db.prepare(REMEMBER), db.prepare(LISTENER_IDS)]
  const insertApiKey = createApiKeyInsert(db)

  const answers = createEffectRecords(db)

  const find = (id: string): Revised<Organization> | null => {
    const row = get.get(id) as Revised<OrganizationRow> | undefined
    return row === undefined ? null : { ...organizationOf(row), revision: row.revision }
  }

  function change(ask: Parameters<OrganizationStore['update']>[0]) {
    const current = find(ask.id)
    if (current === null) return 'not_found'
    if (failsIfMatch(current.revision, ask.ifMatch)) return 'changed'
    if (current.root && ask.changes.status === 'frozen') return 'root_organization'
    const limits = withLimits(current.limits, ask.changes.limits ?? {})
    const revision = current.revision + 1
    const changed: Revised<Organization> = { ...current, ...ask.changes, limits, updatedAt: ask.now, revision }
    update.run(changed.name, changed.status, JSON.stringify(limits), ask.now, ask.id)
    quotas.prepare(ask.id, limits, ask.now)
    log.note({ kind: 'organization', organizationId: ask.id })
    return changed
  }

  /** Only what everything else hangs on goes at once: the rest may be millions of rows. */
  function erase({ id, ifMatch }: Parameters<OrganizationStore['delete']>[0]) {
    const organization = find(id)
    if (organization === null) return 'not_found'
    if (failsIfMatch(organization.revision, ifMatch)) return 'changed'
    if (organization.root) return 'root_organization'
    remove.run(id)
    remember.run(id, id)
    quotas.prepare(id, UNLIMITED, 0)
    const listenerIds = listeners.all(id).map((row) => row.id as string)
    log.note({ kind: 'organization', organizationId: id })
    log.note({ kind: 'listeners_gone', listenerIds })
    return { listenerIds }
  }

  return {
    async findRoot() {
      const row = reading(() => findRoot.get()) as OrganizationRow | undefined
      return row === undefined ? null : organizationOf(row)
    },
    async create(organization, ownerKey, answer) {
      const { id, name, root, status, limits, createdAt, updatedAt } = organization
      const outcome = unlessTaken(() =>
        transact(() => {
          if (answers.has(answer)) return 'answered' as const
          answers.write(answer)
          insert.run(id, name, root ? 1 : 0, status, JSON.stringify(limits), createdAt, updatedAt)
          quotas.prepare(id, limits, createdAt)
          insertApiKey(ownerKey)
          return 'created' as const
        }),
      )
      if (outcome === 'created') quotas.remember(id, limits)
      return outcome
    },
    async get(id) {
      return reading(() => find(id))
    },
    async list({ slice }) {
      const rows = reading(() => list.all(sliceOf(slice)))
      return (rows as unknown as OrganizationRow[]).map(organizationOf)
    },
    async update(ask) {
      const changed = unlessTaken(() => transact(() => change(ask)))
      if (typeof changed !== 'string') quotas.remember(ask.id, changed.limits)
      return changed
    },
    async delete(ask) {
      const outcome = transact(() => erase(ask))
      if (typeof outcome === 'string') return outcome
      quotas.remember(ask.id, UNLIMITED)
      for (const listenerId of outcome.listenerIds) leases.dropListener(listenerId)
      return outcome
    },
  }
}
