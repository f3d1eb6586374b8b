import type { Queue, QueueSchema } from '../core/delivery/queue.ts'

/** A row of the table as PostgreSQL hands it over. */
export type QueueRow = Omit<Queue, 'schema'> & { schema: QueueSchema['rules'] | null; schemaId: string | null }

/** The table's columns under the names of `QueueRow`. */
export const QUEUE_COLUMNS = `
  id, organization_id as "organizationId", name, schema, schema_id as "schemaId", paused, version,
  created_at as "createdAt", updated_at as "updatedAt"`

export function queueOf({ schema, schemaId, ...rest }: QueueRow): Queue {
  return { ...rest, schema: schema === null || schemaId === null ? null : { id: schemaId, rules: schema } }
}

/** What the columns `schema`, `schema_id` and `paused` hold of a queue. No statement looks into a schema, which may hold U+0000. */
export function queueColumnsOf({ schema, paused }: Pick<Queue, 'schema' | 'paused'>) {
  return [schema === null ? null : JSON.stringify(schema.rules), schema?.id ?? null, paused] as const
}
