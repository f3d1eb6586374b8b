import type { DatabaseSync } from 'node:sqlite'
import { type Organization, withLimits } from '../core/organization.ts'
import type { OrganizationStore } from '../store/organizations.ts'
import { createApiKeyInsert } from './api-keys.ts'
import { unlessTaken } from './errors.ts'
import type { Leases } from './leases.ts'
import { sliceOf } from './listing.ts'
import type { MessageQuotas } from './message-quotas.ts'
import { ORGANIZATION_COLUMNS, type OrganizationRow, organizationOf } from './organization-row.ts'
import { reading, type Transact } from './transaction.ts'

const INSERT = `
  insert into organizations (id, name, root, status, limits, created_at, updated_at) values (?, ?, ?, ?, ?, ?, ?)`

const FIND_ROOT = `select ${ORGANIZATION_COLUMNS} from organizations where root = 1`
const GET = `select ${ORGANIZATION_COLUMNS} from organizations where id = ?`
const LIST = `select ${ORGANIZATION_COLUMNS} from organizations order by id limit :limit offset :offset`
const UPDATE = `update organizations set name = ?, status = ?, limits = ?, updated_at = ? where id = ?`
const DELETE = `delete from organizations where id = ?`
const REMEMBER = `insert into removals (kind, id) values ('organization', ?)`
const LISTENER_IDS = `select id from listeners where organization_id = ?`
const UNLIMITED = { storedMessages: null, messagesPerDay: null }

export function createOrganizationStore(
  db: DatabaseSync,
  transact: Transact,
  { leases, quotas }: { leases: Leases; quotas: MessageQuotas },
): OrganizationStore {
  const [insert, findRoot, get] = [db.prepare(INSERT), db.prepare(FIND_ROOT), db.prepare(GET)]
  const [list, update, remove] = [db.prepare(LIST), db.prepare(UPDATE), db.prepare(DELETE)]
  const [remember, listeners] = [db.prepare(REMEMBER), db.prepare(LISTENER_IDS)]
  const insertApiKey = createApiKeyInsert(db)

  const found = (row: unknown): Organization | null =>
    row === undefined ? null : organizationOf(row as OrganizationRow)

  function change(ask: Parameters<OrganizationStore['update']>[0]) {
    const current = found(get.get(ask.id))
    if (current === null) return 'not_found'
    if (current.root && ask.changes.status === 'frozen') return 'root_organization'
    const limits = withLimits(current.limits, ask.changes.limits ?? {})
    const changed: Organization = { ...current, ...ask.changes, limits, updatedAt: ask.now }
    update.run(changed.name, changed.status, JSON.stringify(limits), ask.now, ask.id)
    quotas.prepare(ask.id, limits, ask.now)
    return changed
  }

  /** Only what everything else hangs on goes at once: the rest may be millions of rows. */
  function erase(id: string) {
    const organization = found(get.get(id))
    if (organization === null) return 'not_found'
    if (organization.root) return 'root_organization'
    remove.run(id)
    remember.run(id)
    quotas.prepare(id, UNLIMITED, 0)
    return { listenerIds: listeners.all(id).map((row) => row.id as string) }
  }

  return {
    async findRoot() {
      return reading(() => found(findRoot.get()))
    },
    async create(organization, ownerKey) {
      const { id, name, root, status, limits, createdAt, updatedAt } = organization
      const outcome = unlessTaken(() =>
        transact(() => {
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
      return reading(() => found(get.get(id)))
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
    async delete(id) {
      const outcome = transact(() => erase(id))
      if (typeof outcome === 'string') return outcome
      quotas.remember(id, UNLIMITED)
      for (const listenerId of outcome.listenerIds) leases.dropListener(listenerId)
      return outcome
    },
  }
}
