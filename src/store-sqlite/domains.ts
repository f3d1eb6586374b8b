import type { DatabaseSync } from 'node:sqlite'
import type { Domain } from '../core/tenant/domain.ts'
import type { DomainStore } from '../store/domains.ts'
import { failsIfMatch } from '../store/listing/expected-revision.ts'
import type { Revised } from '../store/listing/slice.ts'
import { unlessTaken } from './errors.ts'
import { createEffectRecords } from './idempotency-records.ts'
import { onlyOf, sliceOf } from './listing.ts'
import { reading, type Transact } from './transaction.ts'

const COLUMNS = `
  id, organization_id as organizationId, name, hostname, port, challenge, verified_at as verifiedAt,
  created_at as createdAt, updated_at as updatedAt`

const INSERT = `
  insert into domains (id, organization_id, name, hostname, port, challenge, verified_at, created_at, updated_at)
  values (?, ?, ?, ?, ?, ?, ?, ?, ?)`

const GET = `select ${COLUMNS}, revision from domains where organization_id = ? and id = ?`

const LIST = `
  select ${COLUMNS} from domains
   where organization_id = :organizationId and (:only is null or id in (select value from json_each(:only)))
   order by id limit :limit offset :offset`

const UPDATE = `
  update domains set name = ?, hostname = ?, port = ?, challenge = ?, verified_at = ?, updated_at = ?,
         revision = revision + 1
   where id = ?`

const DELETE = `delete from domains where id = ?`
const ORGANIZATION_EXISTS = `select 1 from organizations where id = ?`

const VERIFIED = `
  select 1 from domains
   where organization_id = ? and hostname = ? and port in (select value from json_each(?)) and verified_at > ?`

type Row = Omit<Domain, 'challenge'> & { challenge: string }

export function createDomainStore(db: DatabaseSync, transact: Transact): DomainStore {
  const [insert, get, list] = [db.prepare(INSERT), db.prepare(GET), db.prepare(LIST)]
  const [update, remove, verified] = [db.prepare(UPDATE), db.prepare(DELETE), db.prepare(VERIFIED)]
  const organizationExists = db.prepare(ORGANIZATION_EXISTS)
  const answers = createEffectRecords(db)

  const find = ({ organizationId, id }: { organizationId: string; id: string }): Revised<Domain> | null => {
    const row = get.get(organizationId, id) as Revised<Row> | undefined
    return row === undefined ? null : { ...domainOf(row), revision: row.revision }
  }

  return {
    async create(domain, answer) {
      return unlessTaken(() =>
        transact(() => {
          const { id, organizationId, name, hostname, port, challenge, verifiedAt, createdAt, updatedAt } = domain
          if (organizationExists.get(organizationId) === undefined) return 'organization_not_found'
          if (answers.has(answer)) return 'answered'
          answers.write(answer)
          const text = JSON.stringify(challenge)
          insert.run(id, organizationId, name, hostname, port, text, verifiedAt, createdAt, updatedAt)
          return 'created'
        }),
      )
    },
    async get(ask) {
      return reading(() => find(ask))
    },
    async list({ organizationId, only, slice }) {
      const rows = reading(() => list.all({ organizationId, only: onlyOf(only), ...sliceOf(slice) }))
      return (rows as unknown as Row[]).map(domainOf)
    },
    async update({ changes, now, ifMatch, ...ask }) {
      return unlessTaken(() =>
        transact(() => {
          const domain = find(ask)
          if (domain === null) return 'not_found'
          if (failsIfMatch(domain.revision, ifMatch)) return 'changed'
          const changed = { ...domain, ...changes, updatedAt: now, revision: domain.revision + 1 }
          const { name, hostname, port, challenge, verifiedAt, id } = changed
          update.run(name, hostname, port, JSON.stringify(challenge), verifiedAt, now, id)
          return changed
        }),
      )
    },
    async delete({ ifMatch, ...ask }) {
      return transact(() => {
        const domain = find(ask)
        if (domain === null) return 'not_found'
        if (failsIfMatch(domain.revision, ifMatch)) return 'changed'
        remove.run(domain.id)
        return 'deleted'
      })
    },
    async isVerified({ organizationId, hostname, ports, since }) {
      return reading(() => verified.get(organizationId, hostname, JSON.stringify(ports), since)) !== undefined
    },
  }
}

function domainOf(row: Row): Domain {
  const { id, organizationId, name, hostname, port, verifiedAt, createdAt, updatedAt } = row
  const challenge = JSON.parse(row.challenge)
  return { id, organizationId, name, hostname, port, challenge, verifiedAt, createdAt, updatedAt }
}
