import type { DatabaseSync } from 'node:sqlite'
import type { Organization } from '../core/organization.ts'
import type { OrganizationStore } from '../store/organizations.ts'
import { createApiKeyInsert } from './api-keys.ts'
import { unlessTaken } from './errors.ts'
import { reading, type Transact } from './transaction.ts'

const INSERT = `
  insert into organizations (id, name, root, created_at, updated_at) values (?, ?, ?, ?, ?)`

const FIND_ROOT = `
  select id, name, root, created_at as createdAt, updated_at as updatedAt from organizations where root = 1`

export function createOrganizationStore(db: DatabaseSync, transact: Transact): OrganizationStore {
  const insert = db.prepare(INSERT)
  const insertApiKey = createApiKeyInsert(db)
  const findRoot = db.prepare(FIND_ROOT)
  return {
    async findRoot() {
      const row = reading(() => findRoot.get()) as (Omit<Organization, 'root'> & { root: number }) | undefined
      return row === undefined ? null : { ...row, root: row.root === 1 }
    },
    async create(organization, ownerKey) {
      return unlessTaken(() =>
        transact(() => {
          const { id, name, root, createdAt, updatedAt } = organization
          insert.run(id, name, root ? 1 : 0, createdAt, updatedAt)
          insertApiKey(ownerKey)
          return 'created'
        }),
      )
    },
  }
}
