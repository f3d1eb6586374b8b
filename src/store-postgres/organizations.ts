import { type Organization, withLimits } from '../core/tenant/organization.ts'
import { failsIfMatch } from '../store/listing/expected-revision.ts'
import type { Revised } from '../store/listing/slice.ts'
import type { OrganizationStore } from '../store/organizations.ts'
import { insertApiKey } from './api-keys.ts'
import type { Publish } from './cluster/publish.ts'
import { prepareMessageQuotas } from './commit/message-quotas.ts'
import { jsonText } from './connect/json-text.ts'
import type { Db } from './connect/session.ts'
import type { Database, Transaction } from './connect/transaction.ts'
import type { Leases } from './deliveries/leases.ts'
import { unlessTaken } from './errors.ts'
import { hasRecord, writeRecord } from './idempotency-records.ts'
import { sliceOf } from './listing.ts'
import { ORGANIZATION_COLUMNS, type OrganizationRow, organizationOf } from './organization-row.ts'

const INSERT = `
  insert into discue.organizations (id, name, root, status, limits, created_at, updated_at) values ($1, $2, $3, $4, $5, $6, $7)`

const FIND_ROOT = `select ${ORGANIZATION_COLUMNS} from discue.organizations where root`
const GET = `select ${ORGANIZATION_COLUMNS}, revision from discue.organizations where id = $1`
const GET_LOCKED = `${GET} for update`
const LIST = `select ${ORGANIZATION_COLUMNS} from discue.organizations order by id limit $1 offset $2`
const UPDATE = `
  update discue.organizations set name = $2, status = $3, limits = $4, updated_at = $5, revision = revision + 1 where id = $1`
const DELETE = `delete from discue.organizations where id = $1`
const REMEMBER = `insert into discue.removals (kind, id, organization_id) values ('organization', $1, $1)`
const LISTENER_IDS = `select id from discue.listeners where organization_id = $1`
const UNLIMITED = { storedMessages: null, messagesPerDay: null }

export function createOrganizationStore(
  { transact, db }: Database,
  { leases, publish }: { leases: Leases; publish: Publish },
): OrganizationStore {
  async function find(on: Db, id: string, sql = GET): Promise<Revised<Organization> | null> {
    const [row] = await on.rows<Revised<OrganizationRow>>(sql, [id])
    return row === undefined ? null : { ...organizationOf(row), revision: row.revision }
  }

  async function change(on: Transaction, ask: Parameters<OrganizationStore['update']>[0]) {
    const current = await find(on, ask.id, GET_LOCKED)
    if (current === null) return 'not_found'
    if (failsIfMatch(current.revision, ask.ifMatch)) return 'changed'
    if (current.root && ask.changes.status === 'frozen') return 'root_organization'
    const limits = withLimits(current.limits, ask.changes.limits ?? {})
    const revision = current.revision + 1
    const changed: Revised<Organization> = { ...current, ...ask.changes, limits, updatedAt: ask.now, revision }
    await on.run(UPDATE, [ask.id, changed.name, changed.status, jsonText(limits), ask.now])
    await prepareMessageQuotas(on, ask.id, limits, ask.now)
    await publish(on, { kind: 'organization', organizationId: ask.id })
    return changed
  }

  /** Only what everything else hangs on goes at once: the rest may be millions of rows. */
  async function erase(on: Transaction, { id, ifMatch }: Parameters<OrganizationStore['delete']>[0]) {
    const organization = await find(on, id, GET_LOCKED)
    if (organization === null) return 'not_found'
    if (failsIfMatch(organization.revision, ifMatch)) return 'changed'
    if (organization.root) return 'root_organization'
    await on.run(DELETE, [id])
    await on.run(REMEMBER, [id])
    await prepareMessageQuotas(on, id, UNLIMITED, 0)
    const listenerIds = (await on.rows<{ id: string }>(LISTENER_IDS, [id])).map((row) => row.id)
    await publish(on, { kind: 'organization', organizationId: id }, { kind: 'listeners_gone', listenerIds })
    return { listenerIds }
  }

  return {
    async findRoot() {
      const [row] = await db.rows<OrganizationRow>(FIND_ROOT)
      return row === undefined ? null : organizationOf(row)
    },
    async create(organization, ownerKey, answer) {
      const { id, name, root, status, limits, createdAt, updatedAt } = organization
      return unlessTaken(() =>
        transact(async (on) => {
          if (await hasRecord(on, answer)) return 'answered'
          await writeRecord(on, answer)
          await on.run(INSERT, [id, name, root, status, jsonText(limits), createdAt, updatedAt])
          await prepareMessageQuotas(on, id, limits, createdAt)
          await insertApiKey(on, ownerKey)
          return 'created'
        }),
      )
    },
    async get(id) {
      return find(db, id)
    },
    async list({ slice }) {
      return (await db.rows<OrganizationRow>(LIST, sliceOf(slice))).map(organizationOf)
    },
    async update(ask) {
      return unlessTaken(() => transact((on) => change(on, ask)))
    },
    async delete(ask) {
      const outcome = await transact((on) => erase(on, ask))
      if (typeof outcome !== 'string') for (const id of outcome.listenerIds) leases.dropListener(id)
      return outcome
    },
  }
}
